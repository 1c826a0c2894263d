/* The console's forms, one like the other: what was typed is there after a reload, a lost line and an expired login, and a
 * double click does it once. Pages that the server tells by itself: a line that breaks is shown, asked around, and heals. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { Holder, Operator, someCreditCode, someIdentity, someMobile } from "./people.mjs";
import { enter, logInOperator, person } from "./browser.mjs";
import { shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();
const button = (p, name) => p.getByRole("button", { name, exact: true });

/* A form: how it is opened, the fields {label: value} typed into it, the button that sends it, and what is said then. Its
 * fields lie in SCOPE. */
async function type(scope, fields) {
  for (const [label, value] of Object.entries(fields)) {
    const field = scope.getByLabel(label).first();
    if ((await field.evaluate((e) => e.tagName)) === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }
}

async function has(scope, fields, when) {
  for (const [label, value] of Object.entries(fields)) {
    const field = scope.getByLabel(label).first();
    await field.waitFor();
    assert.equal(await field.inputValue(), value, `${label} ${when}`);
  }
}

const scopeOf = (p, form) => (form.scope ? form.scope(p) : p);

async function survives(role, forms) {
  const p = await (await person(browser, world, { width: 1440 })).newPage();
  await logInOperator(p, world, role);
  for (const form of forms) {
    await form.open(p);
    await type(scopeOf(p, form), form.fields);
    await p.reload();
    await form.open(p);
    await has(scopeOf(p, form), form.fields, "after a reload");
    await p.context().setOffline(true);
    await button(scopeOf(p, form), form.send).click();
    await p.getByText("没有连上服务器").first().waitFor();
    await has(scopeOf(p, form), form.fields, "without a line");
    await p.context().setOffline(false);
  }
  /* One login that expires for all of them; the last one finds out. */
  await p.context().clearCookies();
  await button(scopeOf(p, forms.at(-1)), forms.at(-1).send).click();
  await p.getByText("登录已到期").waitFor();
  await logInOperator(p, world, role, { open: false });
  for (const form of forms) {
    await form.open(p);
    await has(scopeOf(p, form), form.fields, "after the next login");
    const sent = [];
    const count = (r) => r.method() !== "GET" && r.url().includes("/api/") && sent.push(r.url());
    p.on("request", count);
    await button(scopeOf(p, form), form.send).dblclick();
    await p.getByText(form.done).first().waitFor();
    p.off("request", count);
    assert.equal(new Set(sent).size, sent.length, `sent once: ${sent}`);
    /* It is done: the next one begins empty. */
    assert.equal(
      await p.evaluate(() => Object.keys(sessionStorage).filter((k) => k.startsWith("hufu.draft.")).length),
      forms.length - forms.indexOf(form) - 1,
    );
  }
}

describe("the console keeps what was typed", () => {
  tidy();

  test("R-ACCT-1, R-ACCT-3 an administrator's: organization, account, suspension", async () => {
    const h = await Holder.opened(world, "蒋四");
    const name = `留存测试${Date.now()}有限公司`;
    await survives("administrator", [
      {
        open: (p) => p.goto(world.console + "/accounts/new-organization"),
        fields: { 单位名称: name, 统一社会信用代码: someCreditCode(), 单位地址: "北京市西城区示例路 9 号" },
        send: "开通单位",
        done: `已开通单位“${name}”`,
      },
      {
        async open(p) {
          await p.goto(`${world.console}/accounts/new?organization=${h.organization}`);
          await p.locator(`option[value="${h.organization}"]`).waitFor({ state: "attached" });
        },
        fields: { 使用人姓名: "蒋五", 证件号码: someIdentity(), 手机号: someMobile(), 电子邮箱: "kept@example.org" },
        send: "开通账户并通知本人",
        done: "已为“蒋五”开通账户",
      },
      {
        async open(p) {
          await p.goto(`${world.console}/accounts/people/${h.account}`);
          await button(p, "暂停").click();
        },
        scope: (p) => p.getByRole("dialog"),
        fields: { 原因: "本人来电，证件遗失" },
        send: "暂停",
        done: "账户已暂停",
      },
    ]);
  });

  test("R-FEE-2, R-FEE-6 finance's: a transfer received, money asked back", async () => {
    const [transferring, issued] = [await Holder.until(world, "submit"), await Holder.until(world, "ship")];
    const { order, reference } = await transferring.api("POST", transferring.path("payment"), { method: "transfer" });
    const [{ order: paid }] = (await issued.api("GET", issued.path("payments"))).items;
    const rowOf = (p, words) => p.getByRole("row", { name: new RegExp(words) });
    await survives("finance", [
      {
        async open(p) {
          await p.goto(world.console + "/finance/transfers");
          await rowOf(p, order)
            .getByRole("button", { name: /登记到账/ })
            .click();
        },
        scope: (p) => p.getByRole("dialog"),
        fields: { "金额（元）": "399.00", 银行流水号: "B20261130001" },
        send: "登记到账",
        done: "已登记到账。",
      },
      {
        async open(p) {
          await p.goto(world.console + "/finance/paid");
          await rowOf(p, paid)
            .getByRole("button", { name: /申请退款/ })
            .click();
        },
        scope: (p) => p.getByRole("dialog"),
        fields: { 我方差错: "单位名称由我方录入错误" },
        send: "申请退款",
        done: "已提交，等待另一人审批",
      },
    ]);
    assert.ok(reference);
    const payments = (await transferring.api("GET", transferring.path("payments"))).items;
    assert.deepEqual(
      payments.map((x) => x.state),
      ["paid"],
    );
  });

  test("R-SHIP-1 a producer's: a waybill", async () => {
    const h = await Holder.until(world, "produce");
    await survives("producer", [
      {
        open: (p) => p.goto(world.console + "/dispatch"),
        scope: (p) => p.locator("article", { hasText: h.organizationName }),
        fields: { "EMS 运单号": "EA123456780CN" },
        send: "登记并通知申请人",
        done: "运单 EA123456780CN 已登记",
      },
    ]);
  });

  test("R-OPS-3 the words of a rejection are there until it is signed", async () => {
    const h = await Holder.until(world, "pay");
    const p = await (await person(browser, world, { width: 1440 })).newPage();
    await logInOperator(p, world, "reviewer");
    const open = async () => {
      await p.goto(`${world.console}/applications/${h.number}`);
      await button(p, "不予通过").click();
    };
    await open();
    await p.getByLabel("理由").fill("身份证件与使用人不是同一人");
    await button(p, "下一步：签名").click();
    await p.getByLabel("USBKey 口令", { exact: true }).fill(world.person("reviewer").pin);
    await p.context().clearCookies();
    await p.getByRole("button", { name: "签名并" }).click();
    await p.getByText("登录已到期").waitFor();
    await logInOperator(p, world, "reviewer", { open: false });
    await open();
    assert.equal(await p.getByLabel("理由").inputValue(), "身份证件与使用人不是同一人");
    await button(p, "下一步：签名").click();
    await p.getByLabel("USBKey 口令", { exact: true }).fill(world.person("reviewer").pin);
    await p.getByRole("button", { name: "签名并" }).dblclick();
    await p.getByText("已作出不予通过的决定").waitFor();
    assert.equal((await h.api("GET", h.path())).state, "rejected");
  });
});

describe("pages that the server tells by itself", () => {
  tidy();

  test("R-FEE-2 a line that breaks is shown, asked around, and heals: the payment is seen all the same", async () => {
    const h = await Holder.until(world, "submit");
    const context = await person(browser, world);
    await enter(context, h.page);
    const p = await context.newPage();
    let broken = true;
    await p.route("**/events", (r) => (broken ? r.abort("connectionreset") : r.continue()));
    await p.goto(`${world.portal}/applications/${h.number}/payment`);
    await button(p, "生成付款二维码").click();
    await p.getByRole("img", { name: /二维码/ }).waitFor();
    await p.getByText("自动更新中断，本页改为每 5 秒查询一次").first().waitFor();
    const { code_url } = await h.api("GET", h.path("payment"));
    await fetch(code_url + "?mode=normal", { method: "POST" });
    await p.getByText("已收到付款").waitFor();
    broken = false;
    await p.getByText("自动更新中断").first().waitFor({ state: "hidden" });
    /* And what comes by it is seen at once. */
    const reviewer = (world.reviewer ??= await Operator.logIn(world, "reviewer"));
    await p.goto(`${world.portal}/applications/${h.number}`);
    await p.getByRole("heading", { name: "正在审核" }).waitFor();
    await reviewer.api("POST", `console/${h.path("return")}`, {
      reason: "other",
      items: "organization",
      words: "请更正",
    });
    await p.getByText("有内容需要补正").waitFor();
  });
});
