/* The whole path by people in the browser: from the account to the login with the certificate. */
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { waitFor, World } from "./world.mjs";
import { Holder, newPin, png } from "./people.mjs";
import { chooseKey, faults, launch, logInByKey, logInBySms, logInOperator, person, sign } from "./browser.mjs";

let world, browser, holder, holderPage, consolePage, card;
const contexts = [];

async function open(options) {
  const context = await person(browser, world, options);
  contexts.push(context);
  return context.newPage();
}

before(async () => {
  world = await World.open();
  browser = await launch();
  holder = new Holder(world);
  holderPage = await open();
  consolePage = await open();
});

after(async () => {
  await browser?.close();
  await world?.close();
});

test("R-SMS-3 an operator logs in to the console with the own USBKey", async () => {
  await logInOperator(consolePage, world, "administrator");
  await consolePage.getByRole("heading", { name: "单位" }).waitFor();
});

test("R-ACCT-1, 2 an administrator opens organization and account, and the person is told", async () => {
  const p = consolePage;
  await p.getByRole("link", { name: "开通单位" }).click();
  await p.getByLabel("单位名称").fill(holder.organizationName);
  await p.getByLabel("统一社会信用代码").fill(holder.creditCode.toLowerCase());
  await p.getByLabel("单位地址").fill(holder.organizationAddress);
  await p.getByRole("button", { name: "开通单位" }).click();
  await p.getByText(`已开通单位“${holder.organizationName}”`).waitFor();
  await p
    .getByRole("row", { name: new RegExp(holder.organizationName) })
    .getByRole("link", { name: "查看账户" })
    .click();
  await p.getByRole("link", { name: "开通账户" }).click();
  await p.getByLabel("使用人姓名").fill(holder.name);
  await p.getByLabel("证件号码").fill(holder.identity);
  await p.getByLabel("手机号").fill(holder.mobile);
  await p.getByLabel("电子邮箱").fill(holder.email);
  await p.getByRole("button", { name: "开通账户并通知本人" }).click();
  await p.getByText(`已为“${holder.name}”开通账户`).waitFor();
  await waitFor(
    "SMS and e-mail",
    () =>
      world.messages("sms").some((m) => m.to === holder.mobile) &&
      world.messages("email").some((m) => m.to === holder.email),
  );
});

test("R-HELP-1, R-HELP-2 anybody is told the tariff, the materials, how to install and log in, the rules, whom to ask", async () => {
  const p = holderPage;
  await p.goto(world.portal + "/help");
  await p.getByText("399 元/年").first().waitFor();
  const words = async (id) => (await p.locator(`#${id}`).innerText()).replace(/\s+/g, " ");
  const told = {
    tariff: [
      "证书申请 399 元/年",
      "证书延期 399 元/年",
      "80 元/次（首次补办免费）",
      "证书吊销 免费",
      "（大陆地区）包邮",
    ],
    materials: [
      "使用人签字，并盖申请单位公章",
      "工商营业执照",
      "使用人变更需提供原使用人和新使用人双方的复印件",
      "委托书",
    ],
    install: ["“工具下载”→“USBKEY 驱动控件”", "Windows", "银河麒麟 V10", "sudo dpkg -i"],
    login: ["默认口令 000000", "使用手机盾扫码"],
    rules: ["不得泄漏或交付他人", "一律不得擅自转让、转借或转用", "由用户自行承担", "最终解释权", world.portal],
    contacts: [
      "7×24 小时客户服务电话 010-0000-0000",
      "客服邮箱 service@example.org",
      "（统一用户系统） 010-0000-0001",
      "咨询和投诉（信息中心） 010-0000-0002",
      `唯一网址 ${world.portal}`,
    ],
  };
  for (const [id, parts] of Object.entries(told)) {
    const text = await words(id);
    for (const part of parts) assert.ok(text.includes(part), `${id}: no “${part}” in ${text}`);
  }
});

test("R-SMS-1 the holder logs in with the code of the SMS", async () => {
  await logInBySms(holderPage, world, holder);
  await holderPage.getByRole("heading", { name: `${holder.name}，您好` }).waitFor();
  await holderPage.getByText("您还没有数字证书").waitFor();
});

test("R-APPLY-1 the holder begins an application, with what it takes and costs told before", async () => {
  await holderPage.getByRole("link", { name: "开始申请" }).click();
  await holderPage.getByText("证书服务费 399 元（一年）").waitFor();
  await holderPage.getByRole("button", { name: "开始申请" }).click();
  await holderPage.getByText("已完成 0 项，共 7 项").waitFor();
  holder.number = /\d{17}/.exec(holderPage.url())[0];
});

test("R-FORM-1, R-HELP-2 the agreement and the rules of use are read and accepted together", async () => {
  const p = holderPage;
  await p.getByRole("link", { name: "阅读并同意 CA 服务协议" }).click();
  await p.getByText("数字证书一律不得擅自转让、转借或转用").waitFor();
  await p.getByLabel("我已阅读并同意").check();
  await p.getByRole("button", { name: "同意并继续" }).click();
});

test("R-FORM-2 data are prefilled from the directory and corrected", async () => {
  const p = holderPage;
  assert.equal(await p.getByLabel("单位名称").inputValue(), holder.organizationName);
  await p.getByLabel("单位地址").fill("北京市西城区示例路 2 号");
  await p.getByRole("button", { name: "保存并继续" }).click();
  await p.getByRole("heading", { name: "使用人信息" }).waitFor();
  assert.equal(await p.getByLabel("使用人姓名").inputValue(), holder.name);
  assert.equal(await p.getByLabel("证件号码").inputValue(), "", "the number is shown masked, and kept");
  await p.getByRole("button", { name: "保存并继续" }).click();
  await p.getByRole("heading", { name: "发票信息" }).waitFor();
  assert.equal(await p.getByLabel("纳税人识别号").inputValue(), holder.creditCode);
  await p.getByRole("button", { name: "保存并继续" }).click();
});

test("R-APPLY-2 the medium is chosen, and for a USBKey the address", async () => {
  const p = holderPage;
  await p.getByRole("radio", { name: /^USBKey/ }).check();
  await p.getByRole("button", { name: "保存并继续" }).click();
  await p.getByLabel("收件人手机号").fill(holder.mobile);
  await p.getByLabel("省、自治区、直辖市").selectOption("北京市");
  await p.getByLabel("详细地址").fill("西城区示例路 2 号 301");
  await p.getByRole("button", { name: "保存并继续" }).click();
});

test("R-FORM-3 what was filled in is checked, then the form is printed as PDF", async () => {
  const p = holderPage;
  await p.getByRole("heading", { name: "核对填写的信息" }).waitFor();
  await p.getByText("北京市西城区示例路 2 号").waitFor();
  await p.getByRole("button", { name: "信息无误，去打印申请表" }).click();
  const [download] = await Promise.all([
    p.waitForEvent("download"),
    p.getByRole("button", { name: "下载申请表（PDF）" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), `国资CA数字证书服务受理表-${holder.number}.pdf`);
  holder.form = await download.path();
});

test("R-FORM-4 scans are uploaded, each looked at, a wrong one refused with its reason", async () => {
  const p = holderPage;
  await p.getByRole("link", { name: "去上传材料" }).click();
  const box = (name) => p.getByLabel(`选择文件：${name}`);
  await box("证照复印件").setInputFiles({
    name: "执照.png",
    mimeType: "image/png",
    buffer: png().subarray(0, 400),
  });
  await p.getByText(/文件不完整|结构不合规范/).waitFor();
  await box("国资CA数字证书服务受理表").setInputFiles(holder.form);
  await box("证照复印件").setInputFiles({
    name: "执照.png",
    mimeType: "image/png",
    buffer: png(),
  });
  await box("使用人身份证件复印件").setInputFiles({
    name: "身份证.png",
    mimeType: "image/png",
    buffer: png(500, 320),
  });
  await p.getByRole("link", { name: "材料齐全，去提交" }).click();
});

test("R-FEE-2 the fee is paid by a QR code, and the page knows by itself", async () => {
  const p = holderPage;
  await p.getByRole("button", { name: "提交并支付 399 元" }).click();
  await p.getByRole("button", { name: "生成付款二维码" }).click();
  await p.getByRole("img", { name: "微信支付二维码" }).waitFor();
  const [phone] = await Promise.all([
    p.context().waitForEvent("page"),
    p.getByRole("link", { name: "打开模拟手机付款" }).click(),
  ]);
  await phone.locator("button.main").click();
  await p.getByText("已收到付款").waitFor();
  await phone.close();
  await p.getByRole("link", { name: "查看办理进度" }).click();
  await p.getByRole("heading", { name: "正在审核" }).waitFor();
  await p.getByText(/预计 .*前办结/).waitFor();
});

test("R-OPS-1, 3 a reviewer sees differences and scans, and approves by a signature in words", async () => {
  const p = await open({ width: 1440 });
  await logInOperator(p, world, "reviewer");
  await p.getByRole("link", { name: new RegExp(`审核 ${holder.number}`) }).click();
  const differences = p.locator("section", { hasText: "与统一用户系统不同之处" }).first();
  await differences.getByText("北京市西城区示例路 2 号").waitFor();
  const frame = p.frameLocator("iframe");
  await frame.getByRole("img", { name: "第 1 页" }).waitFor();
  await p.getByRole("button", { name: /^证照/ }).click();
  await frame.getByRole("img", { name: "图片" }).waitFor();
  await p.getByRole("button", { name: "显示完整号码" }).click();
  await p.getByText(holder.identity).waitFor();
  await p.getByRole("button", { name: "批准", exact: true }).click();
  const dialog = p.getByRole("dialog");
  await dialog.getByText("批准办理").waitFor();
  await dialog.getByText(holder.organizationName).first().waitFor();
  await sign(p, world, "reviewer", "签名并批准");
  await p.getByText("已批准，转入制证").waitFor();
  await holderPage.getByRole("heading", { name: "审核已通过，等待制证" }).waitFor();
});

test("R-APPLY-3 a producer makes the USBKey, and the next one is offered", async () => {
  const p = await open({ width: 1440 });
  await logInOperator(p, world, "producer");
  await p.getByRole("link", { name: "制证", exact: true }).click();
  await p.getByRole("button", { name: new RegExp(`制作这一把 ?：${holder.name}`) }).click();
  await p.getByText("没有找到空白的 USBKey").waitFor();
  card = await world.card();
  await p.getByText(card.serial).first().waitFor();
  await p.getByLabel("您的 USBKey 口令").fill(world.person("producer").pin);
  await p.getByRole("button", { name: "制作这一把", exact: true }).click();
  await p.getByText(`USBKey ${card.serial} 制作完成`).waitFor();
  await p.getByRole("link", { name: "去寄送" }).first().click();
});

test("R-APPLY-4, R-SHIP-1 the waybill is recorded and the holder sees it", async () => {
  const p = contexts.at(-1).pages()[0];
  await p.getByLabel("EMS 运单号").fill("ea123456789cn");
  await p.getByRole("button", { name: "登记并通知申请人" }).click();
  await p.getByText("运单 EA123456789CN 已登记").waitFor();
  await holderPage.getByRole("heading", { name: "USBKey 已寄出" }).waitFor();
  await holderPage.getByText("EA123456789CN").waitFor();
  await holderPage.getByRole("link", { name: "我的证书" }).click();
  await holderPage.getByText(card.serial).waitFor();
});

test("R-SHIP-3 the certificate is in transit until the holder confirms the receipt by a code", async () => {
  const p = holderPage;
  await p.getByText("USBKey 在寄送途中").waitFor();
  await p.getByRole("link", { name: "查看受理单" }).click();
  const since = world.messages("sms").length;
  await p.getByRole("button", { name: "确认收货" }).click();
  await p.getByLabel("短信验证码").fill(await world.code(holder.mobile, since));
  await p.getByRole("button", { name: "确认收货，启用证书" }).click();
  await p.getByText("证书已启用").waitFor();
});

test("R-LOGIN-2, R-KEY-1 the holder changes 000000 and logs in to the platform", async () => {
  const p = await open();
  await p.goto(world.platform + "/");
  await p.getByRole("link", { name: "登录", exact: true }).click();
  await p.getByRole("button", { name: "登录", exact: true }).click();
  await chooseKey(p, card.serial);
  await p.getByText("这是您第一次使用这把 USBKey").waitFor();
  await p.getByLabel("当前口令").fill("000000");
  await p.getByLabel("新口令", { exact: true }).fill(newPin);
  await p.getByLabel("再输一次新口令").fill(newPin);
  await p.getByRole("button", { name: "修改口令" }).click();
  await p.getByText("口令已修改").waitFor();
  await p.getByLabel("USBKey 口令", { exact: true }).fill(newPin);
  await p.getByRole("button", { name: "确认" }).click();
  await p.getByRole("heading", { name: `${holder.name}，您已登录` }).waitFor();
});

test("R-LOGIN-4, R-OPS-5 found by its serial number; after its revocation the same USBKey is refused, with the reason", async () => {
  const p = await open({ width: 1440 });
  await logInOperator(p, world, "reviewer");
  await p.getByRole("link", { name: "查询", exact: true }).click();
  await holderPage.getByRole("link", { name: "我的证书" }).click();
  const serial = (await holderPage.locator(".serial").first().textContent()).trim();
  await p.getByLabel("查什么").fill(serial);
  await p.getByRole("button", { name: "查询" }).click();
  await p.getByRole("link", { name: serial }).click();
  await p.getByText("签发证书").waitFor(); /* its history */
  await p.getByRole("button", { name: "吊销证书" }).click();
  await p.getByLabel("吊销原因").selectOption("keyCompromise");
  await p.getByRole("button", { name: "下一步：签名" }).click();
  await sign(p, world, "reviewer", "签名并吊销");
  await p.getByText("证书已吊销，已公布").waitFor();
  const q = await open();
  await q.goto(world.platform + "/login");
  await q.getByRole("button", { name: "登录", exact: true }).click();
  await chooseKey(q, card.serial);
  await q.getByLabel("USBKey 口令", { exact: true }).fill(newPin);
  await q.getByRole("button", { name: "确认" }).click();
  await q.getByText("证书已吊销，不能登录").waitFor();
  await q.getByText("重新申请").waitFor();
});

test("R-OPS-6, 7 what was sent and who did what can be seen", async () => {
  const p = consolePage;
  await p.getByRole("link", { name: "发件箱" }).click();
  await p.getByRole("cell", { name: "已发送" }).first().waitFor();
  await p.getByRole("link", { name: "操作记录" }).click();
  await p.getByRole("cell", { name: "寄出", exact: true }).first().waitFor();
});

test("no page broke its content policy, threw, or asked a stranger", () => {
  assert.equal(faults().join("\n"), "");
});
