/* Every page of portal, console and platform, in the states that people meet, one after the other: what the tour shows and what
 * is checked for access. */
import { Holder, newPin, Operator, png, someMobile } from "./people.mjs";
import { chooseKey, enter, logInByKey, logInBySms, logInOperator, person } from "./browser.mjs";

/* People in each state, by the API. */
export async function prepare(world) {
  const until = (last, name) => Holder.until(world, last, name);
  const p = {
    fresh: await Holder.opened(world, "张三"),
    filled: await until("fill", "李四"),
    printed: await until("print", "王五"),
    unpaid: await until("submit", "赵六"),
    transferring: await until("submit", "韩五"),
    paging: await until("submit", "蒋五"),
    review: await until("pay", "陈七"),
    back: await until("pay", "周八"),
    withdrawn: await until("apply", "吴九"),
    refunded: await until("pay", "沈四"),
    approved: await until("approve", "郑十"),
    produced: await until("produce", "孙一"),
    sent: await until("ship", "严六"),
    has: await until("receive", "钱二"),
    first: await until("receive", "冯三"),
    locked: await until("receive", "韩四"),
    passing: await until("receive", "褚五"),
    blank: await world.card(),
  };
  await p.withdrawn.api("POST", p.withdrawn.path("withdrawal"));
  await p.transferring.api("POST", p.transferring.path("payment"), { method: "transfer" });
  await p.paging.api("POST", p.paging.path("payment"), { method: "alipay" });
  await p.refunded.api("POST", p.refunded.path("withdrawal"));
  const reviewer = (world.reviewer ??= await Operator.logIn(world, "reviewer"));
  await reviewer.api("POST", `console/${p.back.path("return")}`, {
    reason: "missing-material",
    items: "organization,license",
    words: "营业执照复印件没有盖公章，请盖章后重新扫描上传。\n单位地址与执照不一致，请按执照填写。",
  });
  const [paid] = (await p.has.api("GET", p.has.path("payments"))).items;
  await reviewer.api("POST", `console/payments/${paid.order}/refund`, {
    words: "单位名称由我方录入错误，证书不能使用，已另行免费签发",
  });
  const { paysim } = world.state();
  const [byHand] = (await p.review.api("GET", p.review.path("payments"))).items;
  await fetch(`${paysim}/sim/bill/${byHand.order}?mode=by-hand`, { method: "POST" });
  const finance = await Operator.logIn(world, "finance");
  const day = new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);
  await finance.api("POST", "console/bills", { method: "wechat", day });
  await p.has.changePin();
  p.head = await (await Holder.opened(world, "赵敏", p.has)).logIn();
  await world.administrator.api("PUT", `console/accounts/${p.head.account}/organization-role`, { administrator: true });
  await p.locked.changePin();
  await p.locked.apply("unlock");
  for (const step of ["fill", "print", "upload", "submit", "approve", "lock"]) await p.locked[step]();
  p.taking = await Holder.opened(world, "褚六", p.passing);
  await p.passing.changePin();
  await p.passing.passTo(p.taking);
  await p.passing.approve();
  await p.first.apply("damaged");
  for (const step of ["fill", "print", "upload", "submit"]) await p.first[step]();
  await p.first.askMobile(someMobile());
  await p.produced.card.pull();
  return p;
}

/* What a page is looked at in. */
export const sizes = {
  desktop: { width: 1280, height: 860 },
  phone: { width: 360, height: 740 },
};
const operatorsDesk = { width: 1440, height: 860 };

async function portal(world, browser, people, each) {
  const stranger = await person(browser, world, sizes.desktop);
  let p = await stranger.newPage();
  await p.goto(world.portal + "/login");
  await p.getByRole("heading", { name: "登录" }).waitFor();
  await each(p, "portal-login");
  await p.getByRole("button", { name: "获取验证码" }).click();
  await each(p, "portal-login-error");
  await logInBySms(p, world, people.fresh, { open: false });
  await p.getByText("您还没有数字证书").waitFor();
  await each(p, "portal-home");
  await p.setViewportSize(sizes.phone);
  await p.getByRole("button", { name: "菜单" }).click();
  await each(p, "portal-menu", ["phone"]);
  await p.setViewportSize(sizes.desktop);
  await p.goto(world.portal + "/services/apply");
  await p.getByText("证书服务费").waitFor();
  await each(p, "portal-start");
  await p.goto(world.portal + "/help");
  await p.getByText("399 元/年").first().waitFor();
  await each(p, "portal-help");
  await p.goto(world.portal + "/nothing");
  await p.getByRole("heading", { name: "没有这个页面" }).waitFor();
  await each(p, "portal-not-found");
  await stranger.close();

  const show = async (who, pages) => {
    const context = await person(browser, world, sizes.desktop);
    await enter(context, who.page);
    p = await context.newPage();
    for (const [name, tail, wait, act] of pages) {
      await p.goto(
        `${world.portal}${tail.startsWith("/") ? tail : `/applications/${who.number}${tail && "/"}${tail}`}`,
      );
      await p.getByText(wait).first().waitFor();
      if (act) await act(p);
      await each(p, name);
    }
    await context.close();
  };

  await show(people.first, [["portal-account-waiting", "/account", "手机号变更正在核对"]]);
  await people.filled.proveMobile(someMobile());
  await show(people.filled, [
    ["portal-account", "/account", "登记的信息"],
    ["portal-mobile", "/account/mobile", "现在登记的手机号"],
    [
      "portal-mobile-error",
      "/account/mobile",
      "现在登记的手机号",
      async (q) => {
        await q.getByLabel("新手机号").fill("138");
        await q.getByRole("button", { name: "获取验证码" }).click();
        await q.getByRole("heading", { name: "提交的内容有误" }).waitFor();
      },
    ],
    [
      "portal-mobile-code",
      "/account/mobile",
      "现在登记的手机号",
      async (q) => {
        await q.getByLabel("新手机号").fill(someMobile());
        await q.getByRole("button", { name: "获取验证码" }).click();
        await q.getByLabel("短信验证码").waitFor();
      },
    ],
    [
      "portal-mobile-evidence",
      "/account/mobile/evidence",
      "请准备一份文件",
      (q) => q.getByLabel("证明材料").setInputFiles({ name: "申请.png", mimeType: "image/png", buffer: png() }),
    ],
    [
      "portal-mobile-check",
      "/account/mobile/evidence",
      "请准备一份文件",
      async (q) => {
        await q.getByLabel("证明材料").setInputFiles({ name: "申请.png", mimeType: "image/png", buffer: png() });
        await q.getByRole("button", { name: "下一步：核对" }).click();
        await q.getByRole("button", { name: "提交申请" }).waitFor();
      },
    ],
    ["portal-tasks", "", "已完成"],
    ["portal-agreement", "agreement", "您已于"],
    ["portal-agreement-error", "agreement", "您已于", (q) => q.getByRole("button", { name: "同意并继续" }).click()],
    ["portal-organization", "organization", "统一社会信用代码"],
    [
      "portal-organization-error",
      "organization",
      "统一社会信用代码",
      async (q) => {
        await q.getByLabel("单位名称").fill("");
        await q.getByLabel("统一社会信用代码").fill("91110000MA0000000I");
        await q.getByRole("button", { name: "保存并继续" }).click();
        await q.getByRole("heading", { name: "提交的内容有误" }).waitFor();
      },
    ],
    ["portal-holder", "holder", "证件类型"],
    ["portal-invoice", "invoice", "纳税人识别号"],
    ["portal-medium", "medium", "证书存放在哪里"],
    ["portal-address", "address", "收件人手机号"],
    ["portal-check", "check", "请逐项核对"],
    ["portal-withdraw", "withdraw", "撤回后这份申请作废"],
  ]);
  const deputy = await (await Holder.opened(world, "钱经办", people.filled)).logIn();
  deputy.number = people.filled.number;
  await show(people.filled, [
    [
      "portal-deputy",
      "deputy",
      "经办人的手机号",
      async (q) => {
        await q.getByLabel("经办人的手机号").fill(people.filled.mobile);
        await q.getByRole("button", { name: "委托", exact: true }).click();
        await q.getByText("经办人不能是使用人本人").first().waitFor();
      },
    ],
  ]);
  await people.filled.api("PUT", people.filled.path("deputy"), { mobile: deputy.mobile });
  await show(people.filled, [["portal-deputy-named", "deputy", "现在的经办人"]]);
  await show(deputy, [
    ["portal-home-deputy", "/", "代办"],
    ["portal-applications-deputy", "/applications", "代办"],
    ["portal-tasks-deputy", "", "您正在替"],
  ]);
  await people.filled.api("DELETE", people.filled.path("deputy"));
  await show(people.printed, [
    ["portal-form", "form", "下载申请表"],
    [
      "portal-materials",
      "materials",
      "还缺",
      async (q) => {
        await q.getByLabel(/：证照复印件/).setInputFiles({
          name: "执照.png",
          mimeType: "image/png",
          buffer: png(),
        });
        await q.getByText("PNG · 1 页").waitFor();
        await q.getByLabel(/：使用人身份证件/).setInputFiles({
          name: "身份证.png",
          mimeType: "image/png",
          buffer: png().subarray(0, 300),
        });
        await q.getByRole("alert").waitFor();
      },
    ],
  ]);
  await show(people.unpaid, [
    ["portal-status-unpaid", "", "等待缴费"],
    [
      "portal-payment",
      "payment",
      "应付金额",
      async (q) => {
        if (await q.getByRole("button", { name: "生成付款二维码" }).count())
          await q.getByRole("button", { name: "生成付款二维码" }).click();
        await q.getByRole("img", { name: "微信支付二维码" }).waitFor();
      },
    ],
  ]);
  await show(people.transferring, [["portal-payment-transfer", "payment", "附言（必填）"]]);
  await show(people.paging, [
    ["portal-payment-alipay", "payment", "打开支付宝付款"],
    [
      "portal-payment-choice",
      "payment",
      "打开支付宝付款",
      (q) => q.getByRole("button", { name: "换一种方式" }).click(),
    ],
  ]);
  await show(people.review, [["portal-status-review", "", "正在审核"]]);
  await show(people.back, [
    ["portal-sent-back", "", "有内容需要补正"],
    ["portal-submit", "submit", "重新提交审核"],
  ]);
  await show(people.withdrawn, [["portal-status-withdrawn", "", "申请已撤回"]]);
  await show(people.refunded, [
    ["portal-status-refunded", "", "查看退款进度"],
    ["portal-payment-refunded", "payment", "已退款"],
  ]);
  await show(people.sent, [
    ["portal-certificates-transit", "/certificates", "USBKey 在寄送途中"],
    ["portal-status-shipped", "", "收到后请确认收货"],
    ["portal-receipt", "", "收到后请确认收货", (q) => q.getByRole("button", { name: "确认收货" }).click()],
  ]);
  await show(people.has, [
    ["portal-home-certificate", "/", "有效期至"],
    ["portal-certificates", "/certificates", "有效期至", (q) => q.getByText("证书详情").first().click()],
    ["portal-proof", `/certificates/${people.has.serial}/proof`, "证明成立"],
    ["portal-applications", "/applications", "已办结"],
    ["portal-status-done", "", "证书已启用"],
    ["portal-invoices", "invoices", "下载 OFD", (q) => q.getByRole("button", { name: "更正发票抬头" }).click()],
  ]);
  await show(people.locked, [
    ["portal-status-unlock", "", "审核已通过，可以解锁"],
    ["portal-unlock", "unlock", "解锁后口令重置"],
    ["portal-hold", `/certificates/${people.locked.serial}/hold`, "立即挂失"],
    [
      "portal-held",
      `/certificates/${people.locked.serial}/hold`,
      "立即挂失",
      async (q) => {
        await q.getByRole("button", { name: "立即挂失" }).click();
        await q.getByText("证书已冻结").first().waitFor();
      },
    ],
  ]);
  await people.locked.card.pull();
  const ofOrganization = `/organization/certificates/${people.has.serial}`;
  await show(people.head, [
    ["portal-own-certificates", "/organization/certificates", "查看"],
    ["portal-own-applications", "/organization/applications", "已办结"],
    ["portal-own-people", "/organization/people", "赵敏"],
    ["portal-own-person", `/organization/people/${people.has.account}`, "开通时间"],
    ["portal-own-application", `/organization/applications/${people.has.number}`, "没有委托"],
    ["portal-own-deputy", `/organization/applications/${people.has.number}/deputy`, "现在不能委托经办人"],
    ["portal-own-hold", `${ofOrganization}/hold`, "冻结以后"],
    [
      "portal-own-revocation",
      `${ofOrganization}/revocation`,
      "吊销原因",
      (q) => q.getByRole("button", { name: "核对" }).click(),
    ],
    [
      "portal-own-revocation-check",
      `${ofOrganization}/revocation`,
      "吊销原因",
      async (q) => {
        await q.getByLabel("使用人离职或调动").check();
        await q.getByLabel("说明").fill("已于本月离职");
        await q.getByRole("button", { name: "核对" }).click();
        await q.getByText("提交以后").waitFor();
      },
    ],
    [
      "portal-own-certificate",
      `${ofOrganization}/revocation`,
      "吊销原因",
      async (q) => {
        await q.getByRole("button", { name: "核对" }).click();
        await q.getByRole("button", { name: "提交申请" }).click();
        await q.getByText("已申请吊销，等待审核").waitFor();
      },
    ],
  ]);
  await show(people.taking, [
    ["portal-home-download", "/", "证书下载"],
    ["portal-status-download", "", "审核已通过，可以下载证书"],
    ["portal-download", "download", "不需要"],
    [
      "portal-download-pin",
      "download",
      "不需要",
      async (q) => {
        await q.getByRole("button", { name: "证书下载" }).click();
        await q.getByLabel("再输一次新口令").waitFor();
      },
    ],
  ]);
  await people.taking.card.pull();
  await show(people.first, [["portal-status-return", "", "等待收到损坏的 USBKey"]]);
  await people.has.apply("change");
  await show(people.has, [
    ["portal-service", "/services/damaged", "开始之前请准备"],
    ["portal-tasks-change", "", "已完成"],
    ["portal-successor", "successor", "新使用人的手机号"],
  ]);
  await people.has.apply("revoke");
  await show(people.has, [["portal-reason", "reason", "离职或调动"]]);
}

async function console_(world, browser, people, each) {
  const context = await person(browser, world, operatorsDesk);
  const p = await context.newPage();
  await p.goto(world.console + "/login");
  await p.getByRole("heading", { name: "运营人员登录" }).waitFor();
  await each(p, "console-login");
  await logInOperator(p, world, "reviewer");
  await p.getByText("陈七").waitFor();
  await each(p, "console-queue");
  await p.goto(`${world.console}/applications/${people.review.number}`);
  /* A frame out of sight does not draw. */
  await p.locator("iframe").scrollIntoViewIfNeeded();
  await p.frameLocator("iframe").getByRole("img", { name: "第 1 页" }).waitFor();
  await p.evaluate(() => window.scrollTo(0, 0));
  await each(p, "console-application");
  await p.getByRole("button", { name: "退回补正" }).click();
  await p.getByRole("dialog").getByRole("button", { name: "退回补正" }).click();
  await p.getByRole("heading", { name: "提交的内容有误" }).waitFor();
  await each(p, "console-return-error");
  await p.getByRole("dialog").getByRole("button", { name: "取消" }).click();
  await p.getByRole("dialog").waitFor({ state: "hidden" });
  await p.getByRole("button", { name: "不予通过" }).click();
  await p.getByLabel("理由").fill("身份证件与使用人不是同一人，请由本人申请。");
  await p.getByRole("button", { name: "下一步：签名" }).click();
  await p.getByLabel("USBKey 口令", { exact: true }).waitFor();
  await each(p, "console-reject");
  await p.getByRole("dialog").getByRole("button", { name: "取消" }).click();
  await p.getByRole("dialog").waitFor({ state: "hidden" });
  await p.getByRole("button", { name: "批准", exact: true }).click();
  await p.getByLabel("USBKey 口令", { exact: true }).waitFor();
  await each(p, "console-approve");
  await p.getByRole("dialog").getByRole("button", { name: "取消" }).click();
  for (const [name, path, wait] of [
    ["console-search", "/search?text=测试能源", "统一社会信用代码"],
    ["console-search-none", "/search?text=没有这个人", "没有找到"],
    ["console-statistics", "/statistics", "签发的证书"],
    ["console-usbkey", `/usbkeys/${people.has.card.serial}`, "加密证书"],
    ["console-certificate", `/certificates/${people.has.serial}`, "有效期至"],
  ]) {
    await p.goto(world.console + path);
    await p.getByText(wait).first().waitFor();
    await each(p, name);
  }
  await p.goto(`${world.console}/revocations`);
  await p.getByRole("button", { name: /处理 ?：钱二/ }).waitFor();
  await each(p, "console-revocations");
  await p.getByRole("button", { name: /处理 ?：钱二/ }).click();
  await p.getByRole("dialog").getByText("已于本月离职").waitFor();
  await each(p, "console-revocation-wish");
  await p.getByRole("button", { name: "不吊销" }).click();
  await p.getByLabel("理由").waitFor();
  await each(p, "console-revocation-leave");
  await p.goto(`${world.console}/halted/held`);
  await p.getByRole("link", { name: /查看并处理/ }).waitFor();
  await each(p, "console-halted");
  await p.getByRole("link", { name: "寄送途中" }).click();
  await p.getByRole("cell").first().waitFor();
  await each(p, "console-transit");
  await p.goto(`${world.console}/certificates/${people.locked.serial}`);
  await p.getByRole("button", { name: "解除冻结" }).click();
  await p.getByLabel("USBKey 口令", { exact: true }).waitFor();
  await each(p, "console-release");
  await p.goto(`${world.console}/applications/${people.first.number}`);
  await p.getByRole("button", { name: "登记收到 USBKey" }).waitFor();
  await each(p, "console-returning");
  await context.close();

  const producing = await person(browser, world, operatorsDesk);
  const q = await producing.newPage();
  await logInOperator(q, world, "producer");
  await q.goto(world.console + "/production");
  await q.getByText("郑十").first().waitFor();
  await q.getByRole("button", { name: /制作这一把 ?：郑十/ }).click();
  await q.getByText(people.blank.serial).waitFor();
  await q.getByLabel("您的 USBKey 口令").waitFor();
  await each(q, "console-production");
  await q.goto(world.console + "/dispatch");
  await q.getByLabel("EMS 运单号").first().waitFor();
  await each(q, "console-dispatch");
  await q.goto(world.console + "/dispatch/batch");
  await q.getByLabel("全选").check();
  await q.getByRole("button", { name: /连续办理所选/ }).click();
  await q.getByLabel("扫描运单号").fill("12");
  await q.keyboard.press("Enter");
  await q.getByRole("heading", { name: "提交的内容有误" }).waitFor();
  await each(q, "console-dispatch-batch");
  await q.goto(world.console + "/dispatch/packing");
  await q.getByText("还没有登记运单").waitFor();
  await each(q, "console-packing");
  await producing.close();

  const counting = await person(browser, world, operatorsDesk);
  const m = await counting.newPage();
  await logInOperator(m, world, "finance");
  await m.goto(world.console + "/finance/paid");
  await m.getByText("微信支付").first().waitFor();
  await each(m, "console-finance");
  await m
    .getByRole("button", { name: /申请退款/ })
    .first()
    .click();
  await m.getByLabel("我方差错").waitFor();
  await each(m, "console-refund-ask");
  await m.goto(world.console + "/finance/approvals");
  await m.getByText("单位名称由我方录入错误").first().waitFor();
  await each(m, "console-refunds");
  await m
    .getByRole("button", { name: /审批退款/ })
    .first()
    .click();
  await m.getByText("审批意见").waitFor();
  await each(m, "console-refund-decide");
  await m.goto(world.console + "/finance/bills");
  await m
    .getByRole("button", { name: /处理差异/ })
    .first()
    .waitFor();
  await each(m, "console-bills");
  await m
    .getByRole("button", { name: /处理差异/ })
    .first()
    .click();
  await m.getByLabel("处理结果").waitFor();
  await each(m, "console-difference");
  await m.goto(world.console + "/finance/refused");
  await m.getByText("没有被支付平台拒绝的退款").waitFor();
  await each(m, "console-refused");
  await m.goto(world.console + "/finance/transfers");
  await m
    .getByRole("button", { name: /登记到账/ })
    .first()
    .click();
  await m.getByLabel("银行流水号").waitFor();
  await each(m, "console-transfer");
  await m.goto(world.console + "/settings/tariff");
  await m.getByText("证书申请 · 证书服务费").first().waitFor();
  await each(m, "console-tariff");
  await m.getByRole("button", { name: "定价" }).click();
  await m.getByRole("dialog").getByLabel("项目").selectOption({ label: "证书申请 · 证书服务费" });
  await m.getByLabel("执行日期").fill("2099-01-01");
  await m.getByLabel("价格（元）").fill("420");
  await each(m, "console-price");
  await m.goto(world.console + "/invoices/sent");
  await m.getByRole("button", { name: /红冲/ }).first().waitFor();
  await each(m, "console-invoices");
  await m.getByRole("button", { name: /红冲/ }).first().click();
  await m.getByLabel("红冲原因").waitFor();
  await each(m, "console-invoice-red");
  await counting.close();

  const governing = await person(browser, world, operatorsDesk);
  const a = await governing.newPage();
  await logInOperator(a, world, "administrator");
  for (const [name, path, wait] of [
    ["console-organizations", "/accounts", "统一社会信用代码"],
    ["console-new-organization", "/accounts/new-organization", "单位地址"],
    ["console-change-organization", `/accounts/${people.has.organization}/change`, "变更后的证照"],
    ["console-organization-changes", "/changes/organizations", "没有等待核对的变更"],
    ["console-mobile-changes", "/changes/mobiles", "变更前"],
    ["console-change-mobile", `/accounts/people/${people.fresh.account}/mobile`, "变更手机号申请"],
    ["console-accounts", "/accounts/people", "居民身份证"],
    ["console-new-account", "/accounts/new", "所属单位"],
    ["console-account", `/accounts/people/${people.fresh.account}`, "开通时间"],
    ["console-notices", "/notices", "已发送"],
    ["console-audit", "/audit", "请求编号"],
    ["console-templates", "/settings/notices", "登录验证码"],
    ["console-template", "/settings/notices/application-shipped", "1234567890123"],
    ["console-settings", "/settings/others", "服务热线"],
  ]) {
    await a.goto(world.console + path);
    await a.getByText(wait).locator("visible=true").first().waitFor(); /* not the words of a choice */
    await each(a, name);
  }
  await a.goto(world.console + "/changes/mobiles");
  await a.getByRole("button", { name: "核对变更" }).first().click();
  await a.getByRole("dialog").getByLabel("核对说明").waitFor();
  await each(a, "console-mobile-change");
  /* As it looks when there is much of it; what it says comes from the server's own table (tests/api/test_cli.py). */
  await a.route("**/api/v1/console/runs-out", async (r) => {
    const two = "由两名管理员签名续期；管理员不足两名在期内时谁也不能再登记";
    const items = [
      [
        "ca",
        "CA 证书 ca/operators.cer 已于 2026-11-02 09:00 到期",
        "准备新的 CA 和密钥仪式：hufu ceremony，见 docs/operation.md",
      ],
      [
        "list",
        "吊销列表 publish/crl/root.crl 将于 2026-12-08 09:00 到期",
        "在离线根所在的机器上签发新列表，放到 publish/crl/",
      ],
      ["operator", "操作员 王一 的证书 将于 2026-12-20 23:59 到期", two],
      ["operator", "操作员 李二 的证书 将于 2026-12-21 23:59 到期", two],
    ].map(([kind, words, mend]) => ({ kind, words, mend, over: words.includes("已于"), end_s: 1 }));
    await r.fulfill({ json: { items } });
  });
  await a.goto(world.console + "/accounts");
  await a.getByText("有 4 项即将到期或已经到期").waitFor();
  await a.getByText("另外 1 项").click();
  await each(a, "console-runs-out");
  await a.unroute("**/api/v1/console/runs-out");
  await a.goto(world.console + "/notices");
  await a
    .getByRole("button", { name: /详情 ?：账户开通/ })
    .first()
    .click();
  await a.getByRole("dialog").getByText("发送经过").waitFor();
  await each(a, "console-notice");
  await a.goto(`${world.console}/accounts/people/${people.fresh.account}`);
  await a.getByRole("button", { name: "暂停" }).click();
  await a.getByLabel("原因").waitFor();
  await each(a, "console-suspend");
  await governing.close();
}

async function platform(world, browser, people, each) {
  const context = await person(browser, world, sizes.desktop);
  const p = await context.newPage();
  await p.goto(world.platform + "/");
  await p.getByRole("heading", { name: "国资监管平台" }).waitFor();
  await p.getByRole("button", { name: "工具下载" }).click();
  await each(p, "platform-home");
  await p.getByRole("link", { name: "USBKEY 驱动控件" }).click();
  await p.getByRole("heading", { name: "USBKEY 驱动控件" }).waitFor();
  await each(p, "platform-tools");
  await p.goto(world.platform + "/login");
  await p.getByText("将 USBKey 插入").waitFor();
  await each(p, "platform-login");
  await p.getByRole("tab", { name: "国资CA手机盾" }).click();
  await p.getByText("正在准备中").waitFor();
  await each(p, "platform-login-shield");
  await p.getByRole("tab", { name: "USBKey" }).click();
  await p.getByRole("button", { name: "登录", exact: true }).click();
  await chooseKey(p, people.first.card.serial);
  await p.getByLabel("再输一次新口令").waitFor();
  await p.getByLabel("当前口令").fill("000000");
  await p.getByLabel("新口令", { exact: true }).fill("123456");
  await p.getByLabel("再输一次新口令").fill("123456");
  await p.getByRole("button", { name: "修改口令" }).click();
  await p.getByRole("heading", { name: "提交的内容有误" }).waitFor();
  await each(p, "platform-change-pin");
  await logInByKey(p, world.platform, people.has.card.serial, newPin);
  await p.getByText("您已登录").waitFor();
  await each(p, "platform-logged-in");
  await context.close();
  /* Where no agent answers. */
  const without = await person(browser, world, sizes.desktop);
  const q = await without.newPage();
  await q.route(`${world.state().agent}/**`, (r) => r.abort("connectionrefused"));
  await q.goto(world.platform + "/login");
  await q.getByRole("button", { name: "登录", exact: true }).click();
  await q.getByText("没有找到 USBKey 控件").waitFor();
  await each(q, "platform-no-agent");
  await without.close();
}

/* Visits every page and looks at it at desktop and phone width: each(page, name, kind of size). */
export async function visit(world, browser, people, each) {
  const atEach = async (page, name, kinds = ["desktop", "phone"]) => {
    const own = page.viewportSize();
    for (const kind of kinds) {
      if (kind === "phone") await page.setViewportSize(sizes.phone);
      await page.waitForTimeout(150); /* tabs slide, rows move */
      await each(page, name, kind);
    }
    await page.setViewportSize(own);
  };
  await portal(world, browser, people, atEach);
  await console_(world, browser, people, atEach);
  await platform(world, browser, people, atEach);
}
