/* Each error of each form: said above the form and beside the field in the same words, the summary has the keyboard, its link
 * leads to the field, and what was typed is still there. */
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { Holder, newPin, png, someCreditCode, someIdentity, someMobile } from "./people.mjs";
import { chooseKey, enter, logInOperator, person, visitor } from "./browser.mjs";
import { shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();
let holder, portal, admin;

/* Presses BUTTON and expects exactly MESSAGES (texts or patterns), each at its field. */
async function refused(p, button, messages, scope = p) {
  await scope.getByRole("button", { name: button, exact: true }).click();
  await p.waitForFunction(() => document.activeElement?.classList.contains("summary"));
  const links = scope.locator("[role=alert].summary a");
  assert.equal(await links.count(), messages.length, `${await scope.locator("[role=alert].summary").innerText()}`);
  for (let i = 0; i < messages.length; i++) {
    const words = await links.nth(i).innerText();
    if (messages[i] instanceof RegExp) assert.match(words, messages[i]);
    else assert.equal(words, messages[i]);
    const id = (await links.nth(i).getAttribute("href")).slice(1);
    await links.nth(i).click();
    assert.equal(await p.evaluate(() => document.activeElement.id), id, "the link leads to the field");
    const [invalid, said] = await p.evaluate((x) => {
      const e = document.getElementById(x);
      const about = e.closest("fieldset.field, .field");
      return [e.getAttribute("aria-invalid"), about.querySelector(".error").innerText];
    }, id);
    assert.ok(said.endsWith(words), `${said} beside the field`);
    assert.ok(invalid === "true" || id.endsWith("items"), "the field says that it is wrong");
  }
  assert.match(await p.title(), /^有误：/);
}

/* A PDF of one empty page, whose catalogue has MORE in it. */
function pdf(more) {
  const objects = [
    `<</Type/Catalog/Pages 2 0 R${more}>>`,
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
  ];
  let text = "%PDF-1.4\n";
  const at = objects.map((o, i) => {
    const here = text.length;
    text += `${i + 1} 0 obj\n${o}\nendobj\n`;
    return here;
  });
  const table = text.length;
  text += `xref\n0 4\n0000000000 65535 f \n${at.map((n) => `${String(n).padStart(10, "0")} 00000 n \n`).join("")}trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n${table}\n%%EOF\n`;
  return Buffer.from(text, "latin1");
}

const page = (tail) => `${world.portal}/applications/${holder.number}/${tail}`;

/* [what, {label: value}, messages] */
async function each(p, address, button, rows) {
  for (const [what, values, messages] of rows) {
    await p.goto(address);
    for (const [label, value] of Object.entries(values)) {
      const field = p.getByLabel(label, { exact: true }).first();
      if (await field.evaluate((e) => e.tagName === "SELECT")) await field.selectOption(value);
      else await field.fill(value);
    }
    await refused(p, button, messages).catch((e) => {
      throw new Error(`${what}: ${e.message}`);
    });
    for (const [label, value] of Object.entries(values))
      if (value && value === value.trim().toUpperCase())
        assert.equal(
          await p.getByLabel(label, { exact: true }).first().inputValue(),
          value,
          `${what}: ${label} is kept`,
        );
    await p.evaluate(() => sessionStorage.clear());
  }
}

describe("each error of each form", () => {
  tidy();

  before(async () => {
    holder = await Holder.until(world, "fill");
    const context = await person(browser, world);
    await enter(context, holder.page);
    portal = await context.newPage();
    admin = await visitor(browser, world);
    await logInOperator(admin, world, "administrator");
  });

  test("R-SMS-1 login: number and code", async () => {
    const p = await visitor(browser, world);
    await each(p, world.portal + "/login", "获取验证码", [
      ["nothing", { 手机号: "" }, ["请填写手机号"]],
      ["too short", { 手机号: "1380000000" }, ["手机号应为 11 位数字，以 1 开头，例如 13800000000"]],
      ["no mobile", { 手机号: "02312345678" }, ["手机号应为 11 位数字，以 1 开头，例如 13800000000"]],
    ]);
    const other = await Holder.opened(world);
    await p.goto(world.portal + "/login");
    await p.getByLabel("手机号").fill(other.mobile);
    await p.getByRole("button", { name: "获取验证码" }).click();
    await p.getByLabel("短信验证码").waitFor();
    await refused(p, "登录", ["请填写短信验证码"]);
    await p.getByLabel("短信验证码").fill("12345");
    await refused(p, "登录", ["验证码应为 6 位数字"]);
    await world.code(other.mobile, 0);
    const right = await world.code(other.mobile, 0);
    await p.getByLabel("短信验证码").fill(right === "000000" ? "111111" : "000000");
    await p.getByRole("button", { name: "登录", exact: true }).click();
    await p.getByText("验证码不对").first().waitFor();
    await p.getByLabel("短信验证码").fill(right);
    await p.getByRole("button", { name: "登录", exact: true }).click();
    await p.getByText("您好").waitFor();
  });

  test("R-SMS-1 a code asked for twice within a minute is refused with words", async () => {
    const other = await Holder.opened(world);
    await other.api("POST", "sms-codes", { mobile: other.mobile });
    const p = await visitor(browser, world);
    await p.goto(world.portal + "/login");
    await p.getByLabel("手机号").fill(other.mobile);
    await p.getByRole("button", { name: "获取验证码" }).click();
    await p.getByText("验证码发送过于频繁").waitFor();
    await p.getByText("请等 1 分钟后再获取").waitFor();
    assert.equal(await p.getByLabel("手机号").inputValue(), other.mobile);
  });

  test("R-FORM-1 the agreement not agreed to", async () => {
    await portal.goto(page("agreement"));
    await refused(portal, "同意并继续", ["同意协议和使用规范后才能继续；不同意请离开本页，申请会保留"]);
  });

  test("R-FORM-2 organization: every field, and the credit code by length, character and check", async () => {
    await each(portal, page("organization"), "保存并继续", [
      [
        "nothing",
        { 单位名称: "", 统一社会信用代码: "", 单位地址: "" },
        ["请填写单位名称", "请填写统一社会信用代码", "请填写单位地址"],
      ],
      [
        "too long",
        { 单位名称: "企".repeat(201), 单位地址: "路".repeat(301) },
        ["单位名称最多 200 个字，请缩短", "单位地址最多 300 个字，请缩短"],
      ],
      ["17 characters", { 统一社会信用代码: "91110000MA0000000" }, ["统一社会信用代码应为 18 位，现在是 17 位"]],
      [
        "a letter that there is not",
        { 统一社会信用代码: "91110000MA000000IO" },
        ["统一社会信用代码第 17 位的“I”不能使用，请对照证照核对"],
      ],
      [
        "a wrong check",
        {
          统一社会信用代码: ((c) => c.slice(0, 17) + (c[17] === "0" ? "1" : "0"))(someCreditCode()),
        },
        ["统一社会信用代码的校验位不对，请对照证照逐位核对"],
      ],
    ]);
  });

  test("R-ACCT-1 holder: every field, each document by its own check", async () => {
    const wrong = ((n) => n.slice(0, 17) + (n[17] === "0" ? "1" : "0"))(someIdentity());
    await each(portal, page("holder"), "保存并继续", [
      ["nothing", { 使用人姓名: "", 电子邮箱: "" }, ["请填写使用人姓名", "请填写电子邮箱"]],
      ["identity too short", { "证件号码（选填）": "11010119900101" }, ["身份证号码应为 18 位，现在是 14 位"]],
      [
        "identity with a letter",
        { "证件号码（选填）": "11010119900101A01X" },
        ["身份证号码应为 17 位数字加 1 位数字或字母 X"],
      ],
      [
        "identity of a day that was not",
        { "证件号码（选填）": "110101199002300011" },
        ["身份证号码中的出生日期不对，请核对第 7 至 14 位"],
      ],
      ["identity with a wrong check", { "证件号码（选填）": wrong }, ["身份证号码的校验位不对，请逐位核对"]],
      ["another document without a number", { 证件类型: "passport" }, ["请填写证件号码"]],
      ["no passport", { 证件类型: "passport", 证件号码: "E1" }, ["护照号码应为 5 至 17 位字母和数字"]],
      [
        "no permit",
        { 证件类型: "hk-macao-permit", 证件号码: "X12345678" },
        ["港澳居民来往内地通行证号码应为 H 或 M 加 8 位或 10 位数字"],
      ],
      [
        "no permit of Taiwan",
        { 证件类型: "taiwan-permit", 证件号码: "1234" },
        ["台湾居民来往大陆通行证号码应为 8 位或 10 位数字"],
      ],
      [
        "no mobile, no address",
        { "手机号（选填）": "12", 电子邮箱: "a@b" },
        ["手机号应为 11 位数字，以 1 开头，例如 13800000000", "电子邮箱的格式不对，应类似 name@example.com"],
      ],
    ]);
  });

  test("R-APPLY-6 invoice: every field", async () => {
    await each(portal, page("invoice"), "保存并继续", [
      [
        "nothing",
        { 发票抬头: "", 纳税人识别号: "", 接收发票的邮箱: "" },
        ["请填写发票抬头", "请填写纳税人识别号", "请填写接收发票的邮箱"],
      ],
      [
        "wrong",
        { 纳税人识别号: "12345", 接收发票的邮箱: "nobody" },
        ["纳税人识别号应为 15 至 20 位数字和大写字母", "电子邮箱的格式不对，应类似 name@example.com"],
      ],
    ]);
  });

  test("R-APPLY-2 medium not chosen; address: every field", async () => {
    const fresh = await Holder.until(world, "apply");
    const context = await person(browser, world);
    await enter(context, fresh.page);
    const p = await context.newPage();
    await p.goto(`${world.portal}/applications/${fresh.number}/medium`);
    await refused(p, "保存并继续", ["请选择证书存储方式"]);
    await each(portal, page("address"), "保存并继续", [
      [
        "nothing",
        { 收件人: "", 收件人手机号: "", 详细地址: "" },
        ["请填写收件人", "请填写收件人手机号", "请填写详细地址"],
      ],
      [
        "wrong",
        { 收件人手机号: "1", "邮政编码（选填）": "12" },
        ["手机号应为 11 位数字，以 1 开头，例如 13800000000", "邮政编码应为 6 位数字"],
      ],
    ]);
  });

  test("R-FORM-4 scans: empty, too large, another type, cut off, with a script", async () => {
    await holder.print();
    await portal.goto(page("materials"));
    const box = portal.getByLabel(/：证照复印件/);
    const tries = [
      ["empty.png", Buffer.alloc(0), "文件是空的"],
      ["large.png", Buffer.concat([png(), Buffer.alloc(20_000_001)]), "超过 20 MB"],
      ["scan.png", Buffer.from("<html><script>1</script></html>"), "不像是 PDF、JPEG 或 PNG"],
      ["cut.png", png().subarray(0, 300), /文件不完整|结构不合规范/],
      ["page.pdf", pdf("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"), "PDF 中含有脚本程序"],
    ];
    for (const [name, buffer, words] of tries) {
      await box.setInputFiles({
        name,
        mimeType: "application/octet-stream",
        buffer,
      });
      await portal.locator("section", { has: box }).getByRole("alert").getByText(words).first().waitFor();
    }
    await box.setInputFiles({
      name: "good.png",
      mimeType: "image/png",
      buffer: png(),
    });
    await portal.getByText("PNG · 1 页").first().waitFor();
  });

  test("R-ACCT-1 console: organization and account, by the form and by the directory", async () => {
    await each(admin, world.console + "/accounts/new-organization", "开通单位", [
      ["nothing", { 单位名称: "" }, ["请填写单位名称", "请填写统一社会信用代码", "请填写单位地址"]],
    ]);
    await admin.goto(world.console + "/accounts/new-organization");
    await admin.getByLabel("单位名称").fill("又一家");
    await admin.getByLabel("统一社会信用代码").fill(holder.creditCode);
    await admin.getByLabel("单位地址").fill("北京");
    await admin.getByRole("button", { name: "开通单位" }).click();
    await admin.getByText("这个统一社会信用代码的单位已经开通").first().waitFor();
    assert.equal(await admin.getByLabel("单位名称").inputValue(), "又一家");
    await each(admin, world.console + "/accounts/new", "开通账户并通知本人", [
      [
        "nothing",
        { 使用人姓名: "" },
        ["请选择所属单位", "请填写使用人姓名", "请填写证件号码", "请填写手机号", "请填写电子邮箱"],
      ],
    ]);
    await admin.goto(world.console + "/accounts/new?organization=" + holder.organization);
    await admin.getByLabel("使用人姓名").fill("李四");
    await admin.getByLabel("证件号码").fill(someIdentity());
    await admin.getByLabel("手机号").fill(holder.mobile);
    await admin.getByLabel("电子邮箱").fill("a@example.org");
    await admin.getByLabel("所属单位").selectOption(holder.organization);
    await admin.getByRole("button", { name: "开通账户并通知本人" }).click();
    await admin.getByText("这个手机号已用于另一个账户").first().waitFor();
    await admin.getByLabel("手机号").fill(someMobile());
    await admin.getByRole("button", { name: "开通账户并通知本人" }).click();
    await admin.getByText("已为“李四”开通账户").waitFor();
  });

  test("R-ACCT-3 console: a reason for each change of an account", async () => {
    await admin.goto(`${world.console}/accounts/people/${holder.account}`);
    await admin.getByRole("button", { name: "暂停" }).click();
    await refused(admin, "暂停", ["请填写原因"], admin.getByRole("dialog"));
    await admin.getByRole("dialog").getByRole("button", { name: "取消" }).click();
  });

  test("R-ACCT-8 portal: the new number by its code, the evidence, checked before it is sent, and withdrawn", async () => {
    const moving = await (await Holder.opened(world, "孔五")).logIn();
    const context = await person(browser, world);
    await enter(context, moving.page);
    const p = await context.newPage();
    const next = someMobile();
    await each(p, world.portal + "/account/mobile", "获取验证码", [
      ["nothing", { 新手机号: "" }, ["请填写新手机号"]],
      ["wrong", { 新手机号: "1380000" }, ["手机号应为 11 位数字，以 1 开头，例如 13800000000"]],
    ]);
    await p.goto(world.portal + "/account/mobile");
    await p.getByLabel("新手机号").fill(moving.mobile);
    await p.getByRole("button", { name: "获取验证码" }).click();
    await p.getByText("新手机号和现在的相同").first().waitFor();
    await p.getByLabel("新手机号").fill(next);
    await p.getByRole("button", { name: "获取验证码" }).click();
    await p.getByLabel("短信验证码").waitFor();
    await refused(p, "验证并继续", ["请填写短信验证码"]);
    await p.getByLabel("短信验证码").fill(await world.code(next));
    await p.getByRole("button", { name: "验证并继续" }).click();
    await p.getByText(`新手机号 ${next} 已验证`).waitFor();
    await refused(p, "下一步：核对", ["请选择证明材料的扫描件"]);
    await p.getByLabel("证明材料").setInputFiles({ name: "good.png", mimeType: "image/png", buffer: png() });
    await p.getByText("已选择：good.png").waitFor();
    await p.getByRole("button", { name: "下一步：核对" }).click();
    await p.getByRole("heading", { name: "核对后提交" }).waitFor();
    await p.reload(); /* the file is kept, the number too */
    await p.getByText("good.png").waitFor();
    await p.getByText(next).waitFor();
    await p.getByRole("button", { name: "提交申请" }).click();
    await p.getByRole("heading", { name: "申请已提交" }).waitFor();
    assert.equal(await p.getByRole("link", { name: "更换手机号" }).count(), 0, "one at a time");
    await p.getByRole("button", { name: "撤回申请" }).click();
    await p.getByRole("dialog").getByRole("button", { name: "撤回申请" }).click();
    await p.getByText("申请已撤回，手机号不变").waitFor();
    await p.getByRole("link", { name: "更换手机号" }).waitFor();
    assert.match(await p.locator("dl").innerText(), /姓名\s+孔五/);
    await p.goto(world.portal + "/account/mobile/check");
    await p.getByText("还没有验证新手机号").waitFor();
  });

  test("R-ACCT-8 console: a mobile number with its evidence, entered by one and decided by another", async () => {
    const moving = await (await Holder.opened(world, "孔三")).logIn();
    const file = (name, buffer) => ({ name, mimeType: "application/octet-stream", buffer });
    await each(admin, `${world.console}/accounts/people/${moving.account}/mobile`, "提交核对", [
      ["nothing", { 新手机号: "" }, ["请填写新手机号", "请选择证明材料的扫描件"]],
      [
        "wrong",
        { 新手机号: "1380000" },
        ["手机号应为 11 位数字，以 1 开头，例如 13800000000", "请选择证明材料的扫描件"],
      ],
    ]);
    await admin.getByLabel("变更手机号申请").setInputFiles(file("scan.png", Buffer.from("<html></html>")));
    await admin.getByText("不像是 PDF、JPEG 或 PNG").waitFor();
    await admin.getByLabel("变更手机号申请").setInputFiles(file("good.png", png()));
    await admin.getByText("已选择：good.png").waitFor();
    await admin.getByLabel("新手机号").fill(moving.mobile);
    await admin.getByRole("button", { name: "提交核对" }).click();
    await admin.getByText("新手机号和现在的相同").first().waitFor();
    await admin.getByLabel("新手机号").fill(someMobile());
    await admin.getByRole("button", { name: "提交核对" }).click();
    await admin.getByText("已登记，等待另一名管理员核对").waitFor();
    const entered = admin.getByRole("row", { name: "孔三" });
    await entered.getByText("由另一名管理员核对").waitFor();
    assert.equal(await entered.getByRole("button", { name: "核对变更" }).count(), 0);
    const asking = await (await Holder.opened(world, "孔四")).logIn();
    await asking.askMobile(someMobile());
    await admin.reload();
    await admin.getByRole("row", { name: "孔四" }).getByRole("button", { name: "核对变更" }).click();
    const dialog = admin.getByRole("dialog");
    await refused(admin, "确认", ["请选择核对结果", "请填写核对说明"], dialog);
    await dialog.frameLocator("iframe").locator("canvas, img").first().waitFor();
    await dialog.getByText("与材料一致，同意变更").click();
    await dialog.getByLabel("核对说明").fill("签字和盖章与材料一致");
    await dialog.getByRole("button", { name: "确认" }).click();
    await admin.getByText("手机号已变更，原登录已全部退出").waitFor();
    await admin.getByRole("row", { name: "孔四" }).getByText("已变更").waitFor();
  });

  test("R-OPS-2, 3 console: sending back, rejecting, searching and revoking need their words", async () => {
    const h = await Holder.until(world, "pay");
    const p = await visitor(browser, world, { width: 1440 });
    await logInOperator(p, world, "reviewer");
    await p.goto(`${world.console}/applications/${h.number}`);
    await p.getByRole("button", { name: "退回补正" }).click();
    await refused(p, "退回补正", ["请选择原因", "请至少选择一个需要修改的项目", "请填写说明"], p.getByRole("dialog"));
    await p.getByRole("dialog").getByRole("button", { name: "取消" }).click();
    await p.getByRole("dialog").waitFor({ state: "hidden" });
    await p.getByRole("button", { name: "不予通过" }).click();
    await refused(p, "下一步：签名", ["请填写理由"], p.getByRole("dialog"));
    await p.getByLabel("理由").fill("材料不实");
    await p.getByRole("button", { name: "下一步：签名" }).click();
    await p.getByRole("dialog").getByText("不予通过").first().waitFor();
    await p.getByRole("button", { name: "签名并不予通过" }).click();
    await p.getByText("请填写USBKey 口令").or(p.getByText("请填写 USBKey 口令")).first().waitFor();
  });

  test("R-OPS-5 console: the box that searches", async () => {
    const p = await visitor(browser, world);
    await logInOperator(p, world, "reviewer");
    await p.goto(world.console + "/search");
    await refused(p, "查询", ["请填写要查的内容"]);
    await p.getByLabel("查什么").fill("王");
    await refused(p, "查询", ["请至少输入 2 个字"]);
    await p.getByLabel("查什么").fill("0".repeat(32));
    await p.getByRole("button", { name: "查询" }).click();
    await p.getByText("没有找到与").waitFor();
    await p.goto(`${world.console}/certificates/${"0".repeat(32)}`);
    await p.getByText("没有找到所要的内容").waitFor();
  });

  test("R-SHIP-1 console: a waybill by its form", async () => {
    const h = await Holder.until(world, "produce");
    const p = await visitor(browser, world);
    await logInOperator(p, world, "producer");
    await p.goto(world.console + "/dispatch");
    const own = p.locator("article", { hasText: h.organizationName });
    await refused(p, "登记并通知申请人", ["请填写EMS 运单号"], own);
    await own.getByLabel("EMS 运单号").fill("12");
    await refused(p, "登记并通知申请人", ["运单号应为 8 至 20 位数字和大写字母，例如 EA123456789CN"], own);
  });

  test("R-KEY-1 platform: PIN and change of PIN", async () => {
    const h = await Holder.until(world, "produce");
    const p = await visitor(browser, world);
    await p.goto(world.platform + "/login");
    await p.getByRole("button", { name: "登录", exact: true }).click();
    await chooseKey(p, h.card.serial);
    const dialog = p.getByRole("dialog");
    const set = async (old, fresh, again) => {
      await p.getByLabel("当前口令").fill(old);
      await p.getByLabel("新口令", { exact: true }).fill(fresh);
      await p.getByLabel("再输一次新口令").fill(again);
    };
    await p.getByLabel("当前口令").waitFor();
    await refused(p, "修改口令", ["请填写当前口令", "请填写新口令", "请填写再输一次新口令"], dialog);
    for (const [fresh, words] of [
      ["12345", "新口令应为 6 至 16 位"],
      ["888888", /太简单/],
      ["234567", /太简单/],
      ["000000", "新口令不能和当前口令一样"],
    ]) {
      await set("000000", fresh, fresh);
      await refused(p, "修改口令", [words], dialog);
    }
    await set("000000", newPin, "739155");
    await refused(p, "修改口令", ["两次输入的新口令不一样，请重新输入"], dialog);
    await set("111222", newPin, newPin);
    await refused(p, "修改口令", [/还可以再试 5 次/], dialog);
    /* What the page lets pass, the key itself refuses. */
    await set("000000", "121212", "121212");
    await refused(p, "修改口令", [/太简单/], dialog);
    await set("000000", newPin, newPin);
    await dialog.getByRole("button", { name: "修改口令" }).click();
    await p.getByText("口令已修改").waitFor();
  });
});
