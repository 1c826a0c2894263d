/* What operators change in the settings, find in the outbox, and do for many applications one after the other. */
import { before, describe, test } from "node:test";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { accessible, enter, fits, logInOperator, person } from "./browser.mjs";
import { sizes } from "./pages.mjs";
import { Holder, Operator } from "./people.mjs";
import { shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();

async function at(role, path) {
  const p = await (await person(browser, world)).newPage();
  await logInOperator(p, world, role);
  await p.goto(world.console + path);
  return p;
}

async function everyone(p, what) {
  await accessible(p, what);
  await p.setViewportSize(sizes.phone);
  await fits(p, what);
  await p.setViewportSize(sizes.desktop);
}

const day = (ahead) => new Date(Date.now() + 8 * 3600_000 + ahead * 86_400_000).toISOString().slice(0, 10);

describe("settings and many at a time", () => {
  tidy();
  let has, many;

  before(async () => {
    has = await Holder.until(world, "ship", "尤一");
    many = [await Holder.until(world, "approve", "尤二"), await Holder.until(world, "approve", "尤三")];
  });

  test("R-FEE-1 a price is entered for a day to come, compared with what holds, and withdrawn", async () => {
    const p = await at("finance", "/settings/tariff");
    await p.getByText("证书申请 · 证书服务费").first().waitFor();
    await p.getByRole("button", { name: "定价" }).click();
    const dialog = p.getByRole("dialog");
    await dialog.getByRole("button", { name: "定价" }).click();
    for (const words of ["请选择项目", "请填写执行日期", "请填写价格（元）"])
      await dialog.getByRole("link", { name: words }).waitFor();
    await dialog.getByLabel("项目").selectOption({ label: "证书延期 · 证书服务费" });
    await dialog.getByLabel("执行日期").fill(day(0));
    await dialog.getByLabel("价格（元）").fill("四百二");
    await dialog.getByRole("button", { name: "定价" }).click();
    await dialog.getByRole("link", { name: "请按“年-月-日”填写明天或更晚的日期" }).waitFor();
    await dialog.getByRole("link", { name: "请填写金额" }).waitFor();
    await dialog.getByLabel("执行日期").fill(day(1));
    await dialog.getByLabel("价格（元）").fill("420");
    await dialog.getByText(`${day(1)} 起由 399 元改为 420 元`).waitFor();
    await accessible(p, "a price");
    await p.keyboard.press("Enter");
    await p.getByText("已定价，到日期自动执行。").waitFor();
    await p.getByRole("button", { name: /撤回 ?：证书延期/ }).waitFor();
    await everyone(p, "the tariff");
    await p.getByRole("button", { name: /撤回 ?：证书延期/ }).click();
    await p.getByRole("dialog").getByRole("button", { name: "撤回" }).click();
    await p.getByText("没有将要执行的价格。").waitFor();
    await p
      .getByText(`420.00 元，自 ${day(1)} 起`)
      .first()
      .waitFor();
    const other = await at("administrator", "/settings/tariff");
    await other.getByText("证书申请 · 证书服务费").first().waitFor();
    assert.equal(await other.getByRole("button", { name: "定价" }).count(), 0);
  });

  test("R-OPS-7, R-HELP-2 words of a notice: previewed, refused by field, saved, taken back; the second editor is told", async () => {
    const p = await at("administrator", "/settings/notices");
    await p.getByRole("link", { name: /编辑 ?：寄出/ }).click();
    const sms = p.getByLabel("短信", { exact: true });
    const own = await sms.inputValue();
    await p.getByText("1234567890123").first().waitFor();
    await sms.fill(own.replace("{waybill}", "{waybil}"));
    await p.locator(".wrong", { hasText: "{waybil}" }).waitFor();
    await p.getByRole("button", { name: "保存，立即生效" }).click();
    await p.getByRole("link", { name: "没有 {waybil} 这项内容" }).waitFor();
    await sms.fill(own.replace("{waybill}", ""));
    await p.getByRole("button", { name: "保存，立即生效" }).click();
    await p.getByRole("link", { name: "缺少必需的 {waybill}" }).waitFor();
    await sms.fill(`${own}详见 www.evil.example`);
    await p.getByRole("button", { name: "保存，立即生效" }).click();
    await p.getByRole("link", { name: /通知只能链接到官方网址/ }).waitFor();
    await sms.fill("");
    await sms.pressSequentially("【{brand}】");
    for (const name of ["name", "number", "waybill"]) await p.getByRole("button", { name: `{${name}}` }).click();
    assert.equal(await sms.inputValue(), "【{brand}】{name}{number}{waybill}");
    await p.getByText("按 1 条短信计费").waitFor();
    await everyone(p, "the words of a notice");
    const second = await at("administrator", "/settings/notices/application-shipped");
    await second.getByLabel("邮件主题").fill("您的 USBKey 上路了");
    await p.getByRole("button", { name: "保存，立即生效" }).click();
    await p.getByText("已保存，新的通知按新的文字发送。").waitFor();
    await second.getByRole("button", { name: "保存，立即生效" }).click();
    await second.getByText("这项设置已被别人修改").waitFor();
    await second.getByRole("button", { name: "查看最新内容" }).click();
    await second.getByText("【{brand}】{name}{number}{waybill}").first().waitFor();
    await p.getByRole("button", { name: "恢复原文" }).click();
    await p.getByText("已恢复原文。").waitFor();
    assert.equal(await p.getByLabel("短信", { exact: true }).inputValue(), own);
    const others = await at("auditor", "/settings/others");
    await others.getByText("7×24 小时服务热线").waitFor();
    await everyone(others, "other settings");
    await others.goto(world.console + "/settings/notices");
    await others.getByRole("link", { name: /查看 ?：寄出/ }).waitFor();
    await everyone(others, "all templates");
  });

  test("R-OPS-7 the outbox: filtered, each try shown, sent again for a reason", async () => {
    const p = await at("reviewer", "/notices");
    await p.getByLabel("手机号或邮箱").fill(has.mobile);
    await p.getByLabel("方式").selectOption("短信");
    await p.getByLabel("环节").selectOption("账户开通");
    await p.getByRole("button", { name: "筛选" }).click();
    await p
      .getByRole("button", { name: /详情 ?：/ })
      .nth(1)
      .waitFor({ state: "detached" }); /* the others are gone */
    await p.getByRole("button", { name: /详情 ?：账户开通/ }).waitFor();
    assert.equal(await p.getByRole("button", { name: /详情 ?：/ }).count(), 1);
    await everyone(p, "the outbox");
    await p.getByRole("button", { name: /详情 ?：账户开通/ }).click();
    const dialog = p.getByRole("dialog");
    await dialog.getByText("发送经过").waitFor();
    await dialog.getByRole("button", { name: "重发" }).click();
    await dialog.getByRole("link", { name: "请填写重发原因" }).waitFor();
    await accessible(p, "a notice");
    await dialog.getByLabel("重发原因").fill("申请人说没有收到");
    await dialog.getByRole("button", { name: "重发" }).click();
    await p.getByText("已放入发件箱，马上发送。").waitFor();
    await p.getByText("人工重发").waitFor();
    assert.equal(await p.getByRole("button", { name: /详情 ?：账户开通/ }).count(), 2);
  });

  test("R-REVOKE-3 certificates on hold lead to their release", async () => {
    await has.changePin();
    await has.api("POST", `certificates/${has.serial}/hold`);
    const p = await at("reviewer", "/halted/held");
    await p.getByLabel("姓名或单位").fill("尤一");
    await p.getByRole("button", { name: "筛选" }).click();
    await p.getByRole("link", { name: /查看并处理 ?：尤一/ }).waitFor();
    await everyone(p, "certificates on hold");
    await p.getByRole("link", { name: /查看并处理 ?：尤一/ }).click();
    await p.getByRole("button", { name: "解除冻结" }).waitFor();
    await p.goto(world.console + "/halted/suspended");
    await p.getByText("没有账户暂停的证书。").waitFor();
  });

  test("R-APPLY-3 many USBKeys one after the other, also over a reload", async () => {
    const p = await at("producer", "/production");
    for (const holder of many) await p.getByLabel(`选中：${holder.name}`, { exact: true }).check();
    await everyone(p, "production of many");
    await p.getByRole("button", { name: "连续办理所选 2 份" }).click();
    await p.locator("b", { hasText: "0 / 2" }).waitFor();
    const made = [];
    const heading = p.getByRole("heading", { name: "正在制作：" });
    for (let i = 0, last = ""; i < many.length; i++) {
      /* Which one is first is the queue's affair: the next is another one. */
      await heading.filter({ hasNotText: last || "没有" }).waitFor();
      last = (await heading.textContent()).split("：")[1];
      const card = await world.card();
      made.push(card);
      await p.getByText(card.serial).first().waitFor();
      if (await p.getByLabel("您的 USBKey 口令").count())
        await p.getByLabel("您的 USBKey 口令").fill(world.person("producer").pin);
      await p.getByRole("button", { name: "制作这一把", exact: true }).click();
      await p.getByText(`USBKey ${card.serial} 制作完成`).waitFor();
      await p.locator("b", { hasText: `${i + 1} / 2` }).waitFor();
      if (i === 0) await p.reload();
      else await card.pull();
      if (i === 0) await card.pull();
    }
    await p.getByRole("heading", { name: "这一批办完了" }).waitFor();
    await accessible(p, "a batch that is over");
    const reviewer = (world.reviewer ??= await Operator.logIn(world, "reviewer"));
    for (const holder of many)
      assert.equal((await reviewer.api("GET", `console/applications/${holder.number}`)).state, "produced");
  });

  test("R-SHIP-1 many waybills scanned one after the other", async () => {
    const p = await at("producer", "/dispatch/batch");
    for (const holder of many) await p.getByRole("checkbox", { name: holder.name }).check();
    await p.getByRole("button", { name: "连续办理所选 2 份" }).click();
    const field = p.getByLabel("扫描运单号");
    await everyone(p, "dispatch of many");
    const parcel = p.getByRole("region", { name: "当前包裹" });
    const first = await parcel.textContent();
    const [other, atHand] = first.includes(many[0].name) ? [many[1], many[0]] : many;
    await field.fill(other.number); /* its turn comes by the scan of its number */
    await field.press("Enter");
    await parcel.getByText(other.name).waitFor();
    await p.keyboard.type("ea111111111cn\n");
    await p.getByText("EA111111111CN 已登记").waitFor();
    await p.reload();
    await p.locator("b", { hasText: "1 / 2" }).waitFor();
    await field.fill("EA111111111CN");
    await field.press("Enter");
    await p.getByRole("link", { name: `这个运单号刚登记给${other.name}` }).waitFor();
    await field.fill("EA222222222CN");
    await field.press("Enter");
    await p.getByRole("heading", { name: "这一批办完了" }).waitFor();
    assert.equal((await atHand.api("GET", atHand.path("shipment"))).waybill, "EA222222222CN");
  });

  test("R-SHIP-1 many parcels ordered at EMS one after the other: one that fails is told, the others go on, and are packed", async () => {
    const [gone, sent] = [await Holder.until(world, "produce", "尤六"), await Holder.until(world, "produce", "尤七")];
    const p = await at("producer", "/dispatch/batch");
    await p.getByRole("checkbox", { name: gone.name }).check();
    await p.getByRole("checkbox", { name: sent.name }).check();
    const producer = await Operator.logIn(world, "producer");
    const waybill = { carrier: "ems", waybill: "EA333333333CN" };
    await producer.api("POST", `console/applications/${gone.number}/shipment`, waybill);
    await p.getByRole("button", { name: "EMS 下单所选 2 份" }).click();
    await p.getByText("已下单 1 份，1 份没有成功").waitFor();
    const progress = p.getByRole("region", { name: "连续办理" });
    await progress.getByRole("heading", { name: "跳过的" }).waitFor();
    assert.match(await progress.locator("ul", { hasText: gone.name }).last().textContent(), new RegExp(gone.name));
    const { waybill: given } = await sent.api("GET", sent.path("shipment"));
    await progress.getByText(given).waitFor();
    await everyone(p, "parcels ordered at EMS");
    await p.getByRole("link", { name: "装箱单（1 份）" }).click();
    const row = p.getByRole("row", { name: new RegExp(given) });
    await row.getByText(sent.name, { exact: true }).waitFor();
    const { card } = await producer.api("GET", `console/applications/${sent.number}`);
    await row.getByText(card).waitFor();
    assert.equal(await p.getByText(gone.name, { exact: true }).count(), 0);
    await p.evaluate(() => (window.print = () => (document.title = "printed")));
    await p.getByRole("button", { name: "打印" }).click();
    assert.equal(await p.title(), "printed");
    await everyone(p, "the packing list");
  });

  test("R-OPS-1, R-OPS-5 the queue narrowed, ordered and taken along; after a decision the next of it", async () => {
    const first = await Holder.until(world, "pay", "=覃一");
    const second = await Holder.until(world, "pay", "覃二");
    const p = await at("reviewer", "/queue/review");
    const rows = p.getByRole("row").filter({ hasText: "覃" });
    await p.getByLabel("姓名、单位或受理单号").fill("覃");
    await p.getByText(/^显示 2 份，共 \d+ 份$/).waitFor();
    assert.equal(await rows.count(), 2);
    await p.getByLabel("排列").selectOption("先提交的在前");
    const inOrder = await rows.allTextContents();
    assert.ok(inOrder[0].includes("=覃一") && inOrder[1].includes("覃二"));
    await p.getByLabel("办结期限").selectOption("已超期");
    await p.getByText("没有符合条件的受理单").waitFor();
    await everyone(p, "a queue narrowed to nothing");
    await p.getByLabel("办结期限").selectOption("全部");
    const [download] = await Promise.all([
      p.waitForEvent("download"),
      p.getByRole("button", { name: "导出 CSV" }).click(),
    ]);
    const lines = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\r\n");
    assert.equal(lines.length, 3);
    assert.ok(lines[1].includes(`"${first.number}"`) && lines[1].includes(`"'=覃一"`), lines[1]);
    await p.getByRole("link", { name: new RegExp(`审核 ${first.number}`) }).click();
    await p.getByRole("button", { name: "退回补正" }).click();
    const dialog = p.getByRole("dialog");
    await dialog.getByRole("radio").first().check();
    await dialog.getByLabel(/说明/).fill("请补盖公章");
    await dialog.getByRole("checkbox").first().check();
    await dialog.getByRole("button", { name: "退回补正" }).click();
    await p.getByRole("button", { name: "下一份" }).press("Enter");
    await p.getByRole("heading", { name: "覃二" }).waitFor();
    await p.getByText(second.organizationName).first().waitFor();
    await everyone(p, "the next application");
  });

  test("R-SHIP-1 EMS gives the waybill at one press, and both pages say where the parcel is", async () => {
    const holder = await Holder.until(world, "produce", "尤四");
    const p = await at("producer", "/dispatch");
    const own = p.locator("article", { hasText: holder.organizationName });
    const mode = (name) => fetch(`${world.state().paysim}/sim/ems?mode=${name}`, { method: "POST" });
    await mode("refuses");
    await own.getByRole("button", { name: "EMS 一键下单" }).click();
    await own.getByText("收件地址超出服务范围").waitFor();
    await everyone(p, "an order that EMS refused");
    await mode("normal");
    await own.getByRole("button", { name: "EMS 一键下单" }).press("Enter");
    await p.getByText(/EMS 已接单，运单 98\d{11} 已登记/).waitFor();
    await p.goto(`${world.console}/applications/${holder.number}`);
    await p.getByText(/^待揽收（/).waitFor();
    await everyone(p, "an application that travels");
    const context = await person(browser, world);
    const page = await context.newPage();
    await enter(context, holder.page);
    await page.goto(`${world.portal}/applications/${holder.number}`);
    await page.getByText("待揽收").waitFor();
    await everyone(page, "a parcel before its holder");
  });
});
