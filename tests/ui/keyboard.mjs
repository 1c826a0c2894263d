/* The whole path by keyboard alone: nothing is clicked, and nothing is focused but by Tab and the arrows. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { Holder, newPin, Operator, png, someCreditCode, someIdentity, someMobile } from "./people.mjs";
import { enter, person } from "./browser.mjs";
import { people, shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();

/* What has the keyboard, in words; "" for a page's heading or main part. */
const focused = (p) =>
  p.evaluate(() => {
    const e = document.activeElement;
    if (!e.matches("a, button, input, select, textarea")) return "";
    return (e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText || "")
      .replace(/\s+/g, " ")
      .replace(/ ：/g, "：")
      .trim();
  });

const isAt = (p, what) =>
  what.startsWith("#")
    ? p.evaluate((id) => document.activeElement.id === id, what.slice(1))
    : focused(p).then((words) => words.includes(what));

/* Presses Tab until WHAT has the keyboard: words of it, or "#id". */
async function tabTo(p, what) {
  for (let i = 0; i < 200; i++) {
    if (await isAt(p, what)) return;
    await p.keyboard.press("Tab");
  }
  assert.fail(`the keyboard does not reach ${what}`);
}

/* The same for what says WHAT and nothing else. */
async function pressExactly(p, what) {
  for (let i = 0; i < 200 && (await focused(p)) !== what; i++) await p.keyboard.press("Tab");
  assert.equal(await focused(p), what);
  await p.keyboard.press("Enter");
}

/* The summary of errors has the keyboard, and its line with these WORDS leads to the field. */
async function toField(p, words) {
  await p.waitForFunction(() => document.activeElement?.classList.contains("summary"));
  await tabTo(p, words);
  const target = await p.evaluate(() => document.activeElement.getAttribute("href").slice(1));
  await p.keyboard.press("Enter");
  await p.waitForFunction((id) => document.activeElement.id === id, target);
}

/* The keyboard is not lost: where it is is in sight, and says WORDS. */
const hasKeyboard = (p, words = "") =>
  p.waitForFunction((w) => {
    const e = document.activeElement;
    const box = e.getBoundingClientRect();
    return e !== document.body && box.bottom > 0 && box.top < window.innerHeight && e.innerText.includes(w);
  }, words);

async function press(p, what, key = "Enter") {
  await tabTo(p, what);
  await p.keyboard.press(key);
}

async function type(p, fields) {
  for (const [what, value] of Object.entries(fields)) {
    await tabTo(p, what);
    await p.keyboard.press("Control+A");
    await p.keyboard.type(value);
  }
}

/* With several keys plugged in, the arrows go from one to the next. */
async function chooseByArrows(p, serial, group = "usbkey") {
  await p.getByText(serial).first().waitFor();
  const radios = p.getByRole("radio", { name: new RegExp(serial) });
  if (!(await radios.count())) return;
  for (let i = 0; i < 60 && !(await p.evaluate((g) => document.activeElement.name === g, group)); i++)
    await p.keyboard.press("Tab");
  for (let i = 0; i < 60 && !(await focused(p)).includes(serial); i++) await p.keyboard.press("ArrowDown");
  await p.keyboard.press("Space");
  await p.getByRole("radio", { name: new RegExp(serial), checked: true }).waitFor();
  assert.ok((await focused(p)).includes(serial), "choosing a key leaves the keyboard there");
}

async function logInByKeyboard(p, origin, serial, pin) {
  await p.goto(origin + "/login");
  await p.getByRole("button", { name: "登录", exact: true }).waitFor();
  for (let i = 0; i < 20 && (await focused(p)) !== "登录"; i++) await p.keyboard.press("Tab");
  await p.keyboard.press("Enter");
  await chooseByArrows(p, serial);
  await p.getByLabel("USBKey 口令", { exact: true }).waitFor();
  await tabTo(p, "USBKey 口令");
  await p.keyboard.type(pin);
  await p.keyboard.press("Enter");
}

async function operator(role) {
  const { card, pin } = world.person(role);
  const p = await (await person(browser, world, { width: 1440 })).newPage();
  await logInByKeyboard(p, world.console, card, pin);
  await p.getByRole("button", { name: "退出登录" }).waitFor();
  return p;
}

async function holderAt(holder, address) {
  const context = await person(browser, world);
  await enter(context, holder.page);
  const p = await context.newPage();
  await p.goto(world.portal + address);
  return p;
}

describe("by keyboard alone", () => {
  tidy();

  test("R-LOGIN-2 to the platform, its tools and out again", async () => {
    const { has } = await people();
    const p = await (await person(browser, world)).newPage();
    await logInByKeyboard(p, world.platform, has.card.serial, newPin);
    await p.getByText("您已登录").waitFor();
    await press(p, "工具下载");
    await tabTo(p, "USBKEY 驱动控件");
    await p.keyboard.press("Escape");
    assert.equal(await focused(p), "工具下载", "a menu gives the keyboard back");
    await p.keyboard.press("Enter");
    await press(p, "USBKEY 驱动控件");
    await p.getByRole("heading", { name: "国产信创终端" }).waitFor();
    await press(p, "退出登录");
    await p.getByRole("link", { name: "登录", exact: true }).waitFor();
  });

  test("R-OPS-3 from login to a signed approval at the console", async () => {
    const h = await Holder.until(world, "pay", "尤五");
    const p = await operator("reviewer");
    await p.getByRole("link", { name: new RegExp(`审核 ${h.number}`) }).waitFor();
    await press(p, `审核 ${h.number}`);
    await p.getByRole("button", { name: "批准", exact: true }).waitFor();
    await press(p, "批准");
    await p.getByRole("dialog").getByText("批准办理").waitFor();
    await p.keyboard.press("Escape");
    await p.getByRole("dialog").waitFor({ state: "hidden" });
    assert.match(await focused(p), /批准/, "a dialog gives the keyboard back");
    /* Enter held down opens it, and presses nothing in it. */
    await p.keyboard.down("Enter");
    await p.waitForFunction(() => document.activeElement?.id === "field-pin");
    for (let i = 0; i < 5; i++) await p.keyboard.down("Enter");
    await p.keyboard.up("Enter");
    await p.waitForTimeout(200);
    assert.equal(await p.locator("#field-pin-error").count(), 0);
    await p.keyboard.type(world.person("reviewer").pin);
    await p.keyboard.press("Enter");
    await p.getByText("已批准，转入制证").waitFor();
    await hasKeyboard(p, "已批准，转入制证");
  });

  test("R-ACCT-1 an organization and an account are opened", async () => {
    const p = await operator("administrator");
    const name = `键盘测试${Date.now()}有限公司`;
    await press(p, "开通单位");
    await p.getByRole("heading", { name: "开通单位" }).waitFor();
    await type(p, { 单位名称: name, 统一社会信用代码: someCreditCode(), 单位地址: "北京市西城区示例路 8 号" });
    await press(p, "开通单位");
    await p.getByText(`已开通单位“${name}”`).waitFor();
    await p.goto(world.console + "/accounts/new");
    await p.locator("option", { hasText: name }).waitFor({ state: "attached" });
    await tabTo(p, "所属单位");
    for (let i = 0; i < 200; i++) {
      if (await p.evaluate((n) => document.activeElement.selectedOptions[0].text.includes(n), name)) break;
      await p.keyboard.press("ArrowDown");
    }
    await type(p, { 使用人姓名: "键五", 证件号码: someIdentity(), 手机号: someMobile(), 电子邮箱: "key@example.org" });
    await press(p, "开通账户并通知本人");
    await p.getByText("已为“键五”开通账户").waitFor();
  });

  test("R-FORM-4, R-FEE-2 scans are uploaded and the fee is paid", async () => {
    const h = await Holder.until(world, "print", "键六");
    const p = await holderAt(h, `/applications/${h.number}/materials`);
    await p.getByText("还缺").waitFor();
    const form = await h.api("GET", h.path("form"));
    for (const [name, file] of [
      ["国资CA数字证书服务受理表", { name: "受理表.pdf", mimeType: "application/pdf", buffer: form }],
      ["证照复印件", { name: "执照.png", mimeType: "image/png", buffer: png() }],
      ["使用人身份证件复印件", { name: "身份证.png", mimeType: "image/png", buffer: png(500, 320) }],
    ]) {
      await tabTo(p, `选择文件：${name}`);
      const [chooser] = await Promise.all([p.waitForEvent("filechooser"), p.keyboard.press("Space")]);
      await chooser.setFiles(file);
      await p.getByLabel(`换一个文件：${name}`).waitFor({ state: "attached" });
    }
    await press(p, "材料齐全，去提交");
    await p.getByRole("heading", { name: "提交申请" }).waitFor();
    await press(p, "提交并支付");
    await p.getByRole("button", { name: "生成付款二维码" }).waitFor();
    await press(p, "生成付款二维码");
    await p.getByRole("img", { name: "微信支付二维码" }).waitFor();
    await fetch((await h.api("GET", h.path("payment"))).code_url + "?mode=normal", { method: "POST" });
    await p.getByText("已收到付款").waitFor();
    await press(p, "查看办理进度");
    await p.getByRole("heading", { name: "正在审核" }).waitFor();
  });

  test("R-UNLOCK-2, R-REVOKE-3 a USBKey is unlocked, and its certificate put on hold", async () => {
    const h = await Holder.until(world, "receive", "键八");
    await h.changePin();
    await h.apply("unlock");
    for (const step of ["fill", "print", "upload", "submit", "approve", "lock"]) await h[step]();
    const p = await holderAt(h, `/applications/${h.number}`);
    await p.getByRole("link", { name: "进入解锁" }).waitFor();
    await press(p, "进入解锁");
    await p.getByRole("button", { name: "解锁", exact: true }).waitFor();
    for (let i = 0; i < 40 && (await focused(p)) !== "解锁"; i++) await p.keyboard.press("Tab");
    await p.keyboard.press("Enter");
    await p.getByText("已解锁，请设置新口令").first().waitFor();
    await type(p, { 当前口令: "000000", "#field-fresh": "582917", "#field-again": "582917" });
    await p.keyboard.press("Enter");
    await p.getByText("解锁完成，新口令已设置").waitFor();
    await press(p, "我的证书");
    await p.getByRole("link", { name: "临时挂失" }).waitFor();
    await press(p, "临时挂失");
    await p.getByRole("button", { name: "立即挂失" }).waitFor();
    await press(p, "立即挂失");
    await p.getByText("证书已冻结").first().waitFor();
    await h.card.pull();
  });

  test("R-OPS-2, R-OPS-3 sent back after a mistake, and rejected with the own USBKey", async () => {
    const [back, bad] = [await Holder.until(world, "pay", "键一"), await Holder.until(world, "pay", "键二")];
    const p = await operator("reviewer");
    await p.goto(`${world.console}/applications/${back.number}`);
    await p.getByRole("button", { name: "退回补正" }).waitFor();
    await press(p, "退回补正");
    await p.waitForFunction(() => document.activeElement.id === "dialog-title");
    await press(p, "退回补正");
    await toField(p, "请选择原因");
    await p.keyboard.press("Space");
    await tabTo(p, "单位信息");
    await p.keyboard.press("Space");
    await type(p, { "#field-words": "请补盖公章" });
    await press(p, "退回补正");
    await p.getByText("已退回申请人补正").waitFor();
    await hasKeyboard(p, "已退回申请人补正");
    await p.goto(`${world.console}/applications/${bad.number}`);
    await p.getByRole("button", { name: "不予通过" }).waitFor();
    await press(p, "不予通过");
    await p.waitForFunction(() => document.activeElement.id === "dialog-title");
    await press(p, "下一步：签名");
    await toField(p, "请填写理由");
    await p.keyboard.type("材料不实");
    await press(p, "下一步：签名");
    await p.waitForFunction(() => document.activeElement.id === "field-pin");
    await p.keyboard.press("Enter");
    await p.waitForFunction(() => document.activeElement.id === "field-pin");
    await p.keyboard.type(world.person("reviewer").pin);
    await p.keyboard.press("Enter");
    await p.getByText("已作出不予通过的决定").waitFor();
    await hasKeyboard(p, "已作出不予通过的决定");
  });

  test("R-APPLY-3, R-SHIP-1, R-SHIP-3 a USBKey is made, sent, and its receipt confirmed", async () => {
    const h = await Holder.until(world, "approve", "键三");
    const card = await world.card();
    const p = await operator("producer");
    await pressExactly(p, "制证");
    await p.getByRole("button", { name: new RegExp(`制作这一把 ?：${h.name}`) }).waitFor();
    await press(p, `制作这一把：${h.name}`);
    await p.waitForFunction(() => document.activeElement.id === "making");
    await chooseByArrows(p, card.serial);
    await tabTo(p, "您的 USBKey 口令");
    await p.keyboard.type(world.person("producer").pin);
    await p.keyboard.press("Enter");
    await p.getByText(`USBKey ${card.serial} 制作完成`).waitFor();
    await hasKeyboard(p, "制作完成");
    await card.pull();
    await pressExactly(p, "寄送");
    const field = `#field-waybill-${h.number}`;
    await p.locator(field).waitFor();
    await tabTo(p, field);
    await p.keyboard.press("Enter");
    await toField(p, "请填写EMS 运单号");
    assert.ok(await isAt(p, field));
    await p.keyboard.type("EA987654321CN");
    await p.keyboard.press("Enter");
    await p.getByText("运单 EA987654321CN 已登记").waitFor();
    await hasKeyboard(p, "运单 EA987654321CN 已登记");
    const q = await holderAt(h, `/applications/${h.number}`);
    await q.getByRole("button", { name: "确认收货" }).waitFor();
    const since = world.messages("sms").length;
    await press(q, "确认收货");
    await q.waitForFunction(() => document.activeElement.id === "field-code");
    await q.keyboard.type(await world.code(h.mobile, since));
    await q.keyboard.press("Enter");
    await q.getByText("证书已启用").waitFor();
    await hasKeyboard(q);
  });

  test("R-FEE-6 a refund is decided", async () => {
    const h = await Holder.until(world, "ship", "键四");
    const finance = await Operator.logIn(world, "finance");
    const [{ order }] = (await h.api("GET", h.path("payments"))).items;
    await finance.api("POST", `console/payments/${order}/refund`, { words: "单位名称由我方录入错误" });
    const p = await operator("reviewer");
    await press(p, "退款审批");
    await p.getByText("单位名称由我方录入错误").first().waitFor();
    await press(p, `审批退款 ${h.number.replace(/^(\d{8})(\d{4})(\d{4})(\d)$/, "$1 $2 $3 $4")}`);
    await p.waitForFunction(() => document.activeElement.id === "dialog-title");
    await press(p, "确认");
    await toField(p, "请选择审批意见");
    await p.keyboard.press("ArrowDown");
    await type(p, { "#field-words": "不是我方差错" });
    await press(p, "确认");
    await p.getByRole("dialog").waitFor({ state: "hidden" });
    await hasKeyboard(p, "已记录为不同意");
  });

  test("R-CHANGE-2 a certificate is taken over, and the PIN set", async () => {
    const from = await Holder.until(world, "receive", "键七");
    await from.changePin();
    const to = await Holder.opened(world, "键九", from);
    await from.passTo(to);
    await from.approve();
    const p = await holderAt(to, `/applications/${to.number}`);
    await p.getByRole("link", { name: "证书下载" }).first().waitFor();
    await press(p, "证书下载");
    await p.getByRole("heading", { name: "证书下载", level: 1 }).waitFor();
    await p.getByText(from.card.serial).first().waitFor();
    await p.getByRole("button", { name: "证书下载" }).waitFor();
    await pressExactly(p, "证书下载");
    await p.getByText("新证书已写入，请设置您的口令").first().waitFor();
    await p.waitForFunction(() => document.activeElement.id === "field-old");
    await p.keyboard.press("Enter");
    await toField(p, "请填写当前口令");
    await p.keyboard.type("000000");
    await type(p, { "#field-fresh": "582917", "#field-again": "582917" });
    await p.keyboard.press("Enter");
    await p.getByText("证书已更新到 USBKey").first().waitFor();
    await hasKeyboard(p);
    await from.card.pull();
  });
});
