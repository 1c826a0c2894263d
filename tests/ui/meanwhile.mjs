/* Two at the same thing, USBKeys pulled out, back and reload in the middle, a login that expires at the worst moment: who is
 * overtaken is told and shown how it stands; what broke off is gone on with; nothing is done twice. */
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { waitFor } from "./world.mjs";
import { Holder, Operator } from "./people.mjs";
import { accessible, enter, logInOperator, person, sign } from "./browser.mjs";
import { shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();
const button = (p, name) => p.getByRole("button", { name, exact: true });

async function operator(role, path) {
  const p = await (await person(browser, world, { width: 1440 })).newPage();
  await logInOperator(p, world, role);
  await p.goto(world.console + path);
  return p;
}

async function second(p) {
  const q = await p.context().newPage();
  await q.goto(p.url());
  return q;
}

async function holderAt(holder, address, prepare) {
  const context = await person(browser, world);
  await enter(context, holder.page);
  const p = await context.newPage();
  await prepare?.(p);
  await p.goto(world.portal + address);
  return p;
}

const agent = (what) => `${world.state().agent}/v1/${what}`;
const decisions = async (reviewer, h) =>
  (await reviewer.api("GET", `console/${h.path("history")}`)).items.map((x) => x.action);

describe("two at the same thing", () => {
  tidy();
  let reviewer;
  before(async () => {
    reviewer = world.reviewer ??= await Operator.logIn(world, "reviewer");
  });

  test("R-OPS-3 an application open in two tabs, sent back in one: the other is told before and after it signs", async () => {
    const h = await Holder.until(world, "pay", "同一");
    const p = await operator("reviewer", `/applications/${h.number}`);
    const q = await second(p);
    await button(q, "批准").click();
    await q.getByLabel("USBKey 口令", { exact: true }).waitFor();
    await button(p, "退回补正").click();
    const dialog = p.getByRole("dialog");
    await dialog.getByRole("radio").first().check();
    await dialog.getByLabel(/说明/).fill("请补盖公章");
    await dialog.getByRole("checkbox").first().check();
    await dialog.getByRole("button", { name: "退回补正" }).dblclick();
    await p.getByText("已退回申请人补正").waitFor();
    await sign(q, world, "reviewer", "签名并批准");
    await q.getByRole("heading", { name: "这张受理单刚在别处办理过，您这一步没有办理" }).waitFor();
    await q.getByRole("dialog").waitFor({ state: "hidden" });
    await q.getByText("退回补正").first().waitFor();
    assert.equal(await button(q, "批准").count(), 0);
    assert.equal((await h.api("GET", h.path())).state, "sent-back");
  });

  test("R-OPS-3 back and forth with the signature asked for decides nothing; an approval is signed once", async () => {
    const h = await Holder.until(world, "pay", "同二");
    const p = await operator("reviewer", "/queue/review");
    await p.getByRole("link", { name: new RegExp(`审核 ${h.number}`) }).click();
    await button(p, "批准").click();
    await p.getByLabel("USBKey 口令", { exact: true }).fill("000000");
    await p.goBack();
    await p.getByRole("link", { name: new RegExp(`审核 ${h.number}`) }).waitFor();
    assert.equal(await p.getByRole("dialog").count(), 0);
    await p.goForward();
    await button(p, "批准").click();
    await p.reload();
    await button(p, "批准").click();
    await p.getByLabel("USBKey 口令", { exact: true }).fill(world.person("reviewer").pin);
    const dialog = p.getByRole("dialog");
    let stayed;
    await p.route(
      agent("sign"),
      async (r) => {
        /* what was sent is answered before it closes */
        await p.keyboard.press("Escape");
        await dialog.getByRole("button", { name: "取消" }).click({ force: true });
        stayed = await dialog.isVisible();
        await r.continue();
      },
      { times: 1 },
    );
    await p.getByRole("button", { name: "签名并批准" }).dblclick();
    await p.getByText("已批准，转入制证").waitFor();
    assert.ok(stayed);
    assert.equal((await h.api("GET", h.path())).state, "approved");
  });

  test("R-OPS-3 the operator's USBKey pulled out while it is to sign: said, and signed when it is back", async () => {
    const h = await Holder.until(world, "pay", "同三");
    const p = await operator("reviewer", `/applications/${h.number}`);
    const { name, pin } = world.person("reviewer");
    const socket = world.path("usbkeys", `${name}.sock`);
    await button(p, "批准").click();
    await p.getByLabel("USBKey 口令", { exact: true }).fill(pin);
    renameSync(socket, `${socket}.out`);
    try {
      await p.getByText("没有您本人的 USBKey").or(p.getByText("没有找到")).first().waitFor();
      assert.equal(await p.getByRole("button", { name: "签名并批准" }).count(), 0);
    } finally {
      renameSync(`${socket}.out`, socket);
    }
    await p.getByLabel("USBKey 口令", { exact: true }).fill(pin);
    await p.getByRole("button", { name: "签名并批准" }).click();
    await p.getByText("已批准，转入制证").waitFor();
    assert.equal((await h.api("GET", h.path())).state, "approved");
  });

  test("R-FEE-6 a refund that somebody else decided meanwhile: told, and off the list of what waits", async () => {
    const h = await Holder.until(world, "ship", "同四");
    const finance = await Operator.logIn(world, "finance");
    const [{ order }] = (await h.api("GET", h.path("payments"))).items;
    const { id } = await finance.api("POST", `console/payments/${order}/refund`, { words: "单位名称由我方录入错误" });
    const p = await operator("reviewer", "/finance/approvals");
    const row = p.getByRole("row", { name: new RegExp(h.number.slice(-9, -5)) });
    await row.getByRole("button", { name: /审批退款/ }).click();
    await p.getByRole("dialog").getByRole("radio").first().check();
    await p.reload();
    await row.getByRole("button", { name: /审批退款/ }).click();
    assert.ok(await p.getByRole("dialog").getByRole("radio").first().isChecked(), "what was chosen is kept");
    await reviewer.api("PUT", `console/refunds/${id}`, { decision: "reject", words: "不是我方差错" });
    await p.getByRole("dialog").getByRole("button", { name: "确认" }).click();
    await p.getByText("这项退款申请已经审批过").waitFor();
    await p.keyboard.press("Escape");
    await row.getByText("不是我方差错").waitFor();
    assert.equal(await row.getByRole("button", { name: /审批退款/ }).count(), 0);
  });

  test("R-SHIP-1 a parcel recorded in one tab: the other is told, and nobody is told twice", async () => {
    const h = await Holder.until(world, "produce", "同五");
    const p = await operator("producer", "/dispatch");
    const q = await second(p);
    const own = (x) => x.locator("article", { hasText: h.organizationName });
    await own(q).getByLabel("EMS 运单号").fill("EA555555555CN");
    await own(p).getByLabel("EMS 运单号").fill("EA444444444CN");
    await own(p).getByRole("button", { name: "登记并通知申请人" }).dblclick();
    await p.getByText("运单 EA444444444CN 已登记").waitFor();
    await own(q).getByRole("button", { name: "登记并通知申请人" }).click();
    await q.getByText(`寄给${h.name}的这一份刚在别处登记过`).waitFor();
    assert.equal(await own(q).count(), 0);
    assert.equal((await h.api("GET", h.path("shipment"))).waybill, "EA444444444CN");
    const told = () => world.messages("sms").filter((m) => m.to === h.mobile && m.text.includes("EA444444444CN"));
    await waitFor("the notice", () => told().length);
    assert.equal(told().length, 1);
  });
});

describe("a USBKey in the making", () => {
  tidy();
  let producer;
  before(async () => {
    producer = world.producer ??= await Operator.logIn(world, "producer");
  });

  async function begin(p, h, card) {
    await p.getByRole("button", { name: new RegExp(`制作这一把 ?：${h.name}`) }).click();
    await p.getByText(card.serial).first().waitFor();
    const pin = p.getByLabel("您的 USBKey 口令");
    if (await pin.count()) await pin.fill(world.person("producer").pin);
    await p.getByRole("button", { name: "制作这一把", exact: true }).dblclick();
  }

  test("R-APPLY-3 pulled before the issue and after it, over a reload: gone on with, certified once", async () => {
    const h = await Holder.until(world, "approve", "中一");
    const card = await world.card();
    const p = await operator("producer", "/production");
    let pulled = 0;
    const pull = async (r) => {
      pulled++;
      await card.pull();
      await r.continue();
    };
    await p.route(agent("open"), pull, { times: 1 });
    await begin(p, h, card);
    await p.getByRole("alert").first().waitFor();
    await p.getByText("没有找到空白的 USBKey").waitFor();
    await card.plug();
    await p.getByRole("button", { name: "从这一步继续" }).waitFor();
    await p.route(agent("write"), pull, { times: 1 });
    await p.getByRole("button", { name: "从这一步继续" }).click();
    await p.getByText(`请插回 USBKey ${card.serial}`).waitFor();
    await p.getByRole("alert").first().waitFor();
    await p.reload();
    await p.getByRole("button", { name: new RegExp(`制作这一把 ?：${h.name}`) }).click();
    await p.getByText(`请插回 USBKey ${card.serial}`).waitFor();
    await card.plug();
    await p.getByLabel("您的 USBKey 口令").fill(world.person("producer").pin);
    await p.getByRole("button", { name: "制作这一把", exact: true }).dblclick();
    await p.getByText(`USBKey ${card.serial} 制作完成`).waitFor();
    assert.equal(pulled, 2);
    const { items } = await producer.api("GET", `console/usbkeys/${card.serial}`);
    assert.equal(items.filter((c) => c.purpose === "signing").length, 1);
    await card.pull();
  });

  test("R-APPLY-3 a login that expires, a server that ends and somebody who leaves in the middle", async () => {
    const h = await Holder.until(world, "approve", "中二");
    const card = await world.card();
    const p = await operator("producer", "/dispatch");
    await p.getByRole("link", { name: "制证", exact: true }).click();
    let stayed;
    await p.route(
      agent("write"),
      async (r) => {
        await p.evaluate(() => history.back());
        await p.waitForTimeout(100);
        stayed = new URL(p.url()).pathname;
        await world.kill("web");
        await p.context().clearCookies();
        await r.continue();
      },
      { times: 1 },
    );
    await begin(p, h, card);
    await p.getByText("登录已到期").waitFor();
    await logInOperator(p, world, "producer", { open: false });
    await p.getByRole("heading", { name: "制证", level: 1 }).waitFor();
    await begin(p, h, card);
    await p.getByText(`USBKey ${card.serial} 制作完成`).waitFor();
    assert.equal(stayed, "/production");
    assert.equal((await producer.api("GET", `console/${h.path()}`)).state, "produced");
    await card.pull();
  });
});

describe("holders in the middle of something", () => {
  tidy();

  test("R-FORM-5 submitted in another tab, and back after that: what can no longer be filled in says so", async () => {
    const h = await Holder.until(world, "upload", "正五");
    const p = await holderAt(h, `/applications/${h.number}/organization`);
    await p.getByLabel("单位地址").fill("来不及保存的地址");
    const q = await p.context().newPage();
    await q.goto(`${world.portal}/applications/${h.number}/submit`);
    await q.getByRole("button", { name: "提交并支付" }).dblclick();
    await q.getByRole("heading", { name: "缴费", level: 1 }).waitFor();
    await h.pay();
    await button(p, "保存并继续").click();
    for (const x of [p, q]) {
      if (x === q) await x.goBack();
      await x.getByRole("heading", { name: "这份申请现在不能修改" }).waitFor();
      assert.equal(await x.locator("form").count(), 0);
      await accessible(x, "an application that cannot be edited");
    }
    await p.getByRole("link", { name: "查看办理进度" }).click();
    await p.getByRole("heading", { name: "正在审核" }).waitFor();
    assert.equal((await h.api("GET", h.path())).organization_address, h.organizationAddress);
  });

  test("R-FEE-3 a code on a computer whose clock is wrong; one that has lapsed; paid in another tab, back, and paid for once", async () => {
    const h = await Holder.until(world, "submit", "正一");
    const p = await holderAt(h, `/applications/${h.number}/payment`, (x) =>
      x.addInitScript(() => {
        const now = Date.now;
        Date.now = () => now() + 3 * 3600_000;
      }),
    );
    await button(p, "生成付款二维码").click();
    await p.getByRole("img", { name: "微信支付二维码" }).waitFor();
    const first = await h.api("GET", h.path("payment"));
    /* as it stands when nobody has scanned it in time */
    await p.route(`**/api/v1/${h.path("payment")}`, async (r) =>
      r.request().method() === "GET" ? r.fulfill({ json: { ...first, expires_s: 1 } }) : r.continue(),
    );
    await p.reload();
    await p.getByRole("heading", { name: "付款时间已过" }).waitFor();
    await p.unrouteAll();
    await button(p, "生成付款二维码").click();
    await p.getByRole("img", { name: "微信支付二维码" }).waitFor();
    const q = await second(p);
    await q.getByRole("img", { name: "微信支付二维码" }).waitFor();
    const { code_url } = await h.api("GET", h.path("payment"));
    await fetch(code_url + "?mode=normal", { method: "POST" });
    for (const x of [p, q]) await x.getByText("已收到付款").waitFor();
    await q.getByRole("link", { name: "查看办理进度" }).click();
    await q.getByRole("heading", { name: "正在审核" }).waitFor();
    await q.goBack();
    await q.getByText("已收到付款").waitFor();
    assert.equal(await button(q, "生成付款二维码").count(), 0);
    assert.equal((await h.api("GET", h.path("payments"))).items.filter((x) => x.state === "paid").length, 1);
  });

  test("R-SHIP-3, R-SMS-1 who looks for the code on a phone finds the page as it was: receipt and login", async () => {
    const h = await Holder.until(world, "ship", "正二");
    const p = await holderAt(h, `/applications/${h.number}`);
    const since = world.messages("sms").length;
    await p.getByRole("button", { name: "确认收货" }).click();
    await p.getByLabel("短信验证码").waitFor();
    const code = await world.code(h.mobile, since);
    await p.reload();
    await p.getByLabel("短信验证码").fill(code);
    await p.getByRole("button", { name: "确认收货，启用证书" }).dblclick();
    await p.getByText("证书已启用").waitFor();
    const other = await Holder.opened(world, "正三");
    const q = await (await person(browser, world)).newPage();
    await q.goto(world.portal + "/login");
    await q.getByLabel("手机号").fill(other.mobile);
    await button(q, "获取验证码").dblclick();
    await q.getByLabel("短信验证码").waitFor();
    await q.reload();
    await q.getByText(/秒后/).waitFor();
    await q.getByLabel("短信验证码").fill(await world.code(other.mobile, since));
    await button(q, "登录").click();
    await q.getByText("您好").first().waitFor();
    assert.equal(world.messages("sms").filter((m) => m.to === other.mobile && /验证码/.test(m.text)).length, 1);
  });

  test("R-UNLOCK-2 reload and back in the middle of unlocking: the same approval ends it", async () => {
    const h = await Holder.until(world, "receive", "正四");
    await h.changePin();
    await h.apply("unlock");
    for (const step of ["fill", "print", "upload", "submit", "approve", "lock"]) await h[step]();
    const p = await holderAt(h, `/applications/${h.number}/unlock`);
    /* the answer is fetched, and the USBKey pulled before it has it */
    await p.route(
      agent("unlock-answer"),
      async (r) => {
        await h.card.pull();
        await r.continue();
      },
      { times: 1 },
    );
    const unlock = p.getByRole("button", { name: "解锁", exact: true });
    await unlock.click();
    await p.getByText(`请插入`).first().waitFor();
    await p.reload();
    await h.card.plug();
    await unlock.dblclick();
    await p.getByText("已解锁，请设置新口令").first().waitFor();
    await p.reload();
    await p.getByLabel("当前口令").fill("000000");
    await p.getByLabel("新口令", { exact: true }).fill("582917");
    await p.getByLabel("再输一次新口令").fill("582917");
    await button(p, "设置新口令").click();
    await p.getByText("解锁完成，新口令已设置").waitFor();
    await h.card.pull();
  });
});
