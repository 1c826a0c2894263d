/* Double clicks, back, reload, two tabs, a lost line, an expired login, a restarted server: nothing typed is lost, nothing is
 * done twice. */
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { waitFor } from "./world.mjs";
import { Holder, Operator, png } from "./people.mjs";
import { enter, logInBySms, logInOperator, person } from "./browser.mjs";
import { shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();
let early;

async function at(holder, tail = "") {
  const context = await person(browser, world);
  await enter(context, holder.page);
  const p = await context.newPage();
  await p.goto(world.portal + (tail.startsWith("/") ? tail : `/applications/${holder.number}${tail && "/"}${tail}`));
  return p;
}

const until = (last) => Holder.until(world, last);

describe("nothing typed is lost, nothing is done twice", () => {
  tidy();

  before(async () => {
    early = await until("fill");
  });

  test("R-APPLY-1 a double click on 开始申请 makes one application", async () => {
    const h = await until("logIn");
    const p = await at(h, "/services/apply");
    await p.getByRole("button", { name: "开始申请" }).dblclick();
    await p.getByText("已完成 0 项").waitFor();
    assert.equal((await h.api("GET", "applications")).items.length, 1);
  });

  test("R-FEE-4 a double click and a second tab make one payment", async () => {
    const h = await until("submit");
    const [p, q] = [await at(h, "payment"), await at(h, "payment")];
    for (const x of [p, q]) await x.getByRole("button", { name: "生成付款二维码" }).waitFor();
    await Promise.all([
      p.getByRole("button", { name: "生成付款二维码" }).dblclick(),
      q.getByRole("button", { name: "生成付款二维码" }).dblclick(),
    ]);
    const orders = await Promise.all([p, q].map((x) => x.locator(".scan .mono").innerText()));
    assert.equal(orders[0], orders[1]);
  });

  test("R-FORM-5 what was typed is there after reload, after back and forth, and after another page", async () => {
    const h = await until("fill");
    const p = await at(h, "organization");
    await p.getByLabel("单位地址").fill("正在填写的地址");
    await p.reload();
    await p.getByLabel("单位地址").waitFor();
    assert.equal(await p.getByLabel("单位地址").inputValue(), "正在填写的地址");
    await p.getByRole("link", { name: "使用帮助" }).first().click();
    await p.getByRole("heading", { name: "使用帮助" }).waitFor();
    await p.goBack();
    await p.getByLabel("单位地址").waitFor();
    assert.equal(await p.getByLabel("单位地址").inputValue(), "正在填写的地址");
    await p.getByRole("button", { name: "保存并继续" }).click();
    await waitFor(
      "the address saved",
      async () => (await h.api("GET", h.path())).organization_address === "正在填写的地址",
    );
  });

  test("a lost line: said, kept, and the same button works when it is back, once", async () => {
    const h = await until("fill");
    const p = await at(h, "organization");
    await p.getByLabel("单位地址").fill("断网时写的地址");
    await p.context().setOffline(true);
    await p.getByText("网络已断开").first().waitFor();
    await p.getByRole("button", { name: "保存并继续" }).click();
    await p.getByText("没有连上服务器").waitFor();
    await p.context().setOffline(false);
    const keys = [];
    p.on("request", (r) => r.method() === "PUT" && keys.push(r.headers()["idempotency-key"]));
    await p.getByRole("button", { name: "保存并继续" }).click();
    await waitFor(
      "the address saved",
      async () => (await h.api("GET", h.path())).organization_address === "断网时写的地址",
    );
    assert.equal(keys.length, 1);
    assert.match(keys[0], /^[0-9a-f]{32}$/);
  });

  test("an answer that got lost is asked for again with the same key, and nothing is done twice", async () => {
    const h = await until("logIn");
    const p = await at(h, "/services/apply");
    const keys = [];
    let lose = true;
    await p.route("**/api/v1/applications", async (r) => {
      if (r.request().method() !== "POST") return r.continue();
      keys.push(r.request().headers()["idempotency-key"]);
      if (!lose) return r.continue();
      lose = false;
      /* The server does it; the answer is lost. */
      await h.page.ask("POST", "/api/v1/applications", { service: "apply" }, undefined, keys[0]);
      return r.abort("connectionreset");
    });
    await p.getByRole("button", { name: "开始申请" }).click();
    await p.getByText("已完成 0 项").waitFor();
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    assert.equal((await h.api("GET", "applications")).items.length, 1);
  });

  /* The pieces that P sent and the server took: where each began and how long it was. A line that may be slow or cut (CDP's own). */
  async function watched(p) {
    const pieces = [];
    p.on("response", (answer) => {
      const at = Number(answer.request().headers()["upload-offset"]);
      if (answer.request().method() === "PATCH" && answer.ok())
        pieces.push({ at, size: Number(answer.headers()["upload-offset"]) - at });
    });
    const line = await p.context().newCDPSession(p);
    await line.send("Network.enable");
    const set = (more) =>
      line.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: -1,
        ...more,
      });
    return { pieces, set };
  }

  const license = (buffer) => ({ name: "执照.png", mimeType: "image/png", buffer });
  const some = /服务器已收到 [1-9]/;

  test("R-FORM-4 an upload that breaks off goes on where it was: by itself, after a reload; nothing is sent twice", async () => {
    const h = await until("print");
    const p = await at(h, "materials");
    const file = png(900, 700, true);
    const { pieces, set } = await watched(p);
    const bar = p.getByRole("progressbar", { name: "证照复印件" });
    /* Over a slow line: how far it has come, and a word that ends it. */
    await set({ uploadThroughput: 500_000 });
    await p.getByLabel(/：证照复印件/).setInputFiles(license(file));
    await p.getByText(some).waitFor();
    const now = Number(await bar.getAttribute("aria-valuenow"));
    assert.ok(now > 0 && now < 100, `${now}`);
    await p.getByRole("button", { name: "停止" }).click();
    await p.getByText("上传中断，文件还在本机，可以继续").waitFor();
    await p.reload();
    await p.getByText(some).waitFor();
    const had = (await h.api("GET", h.path("uploads"))).items[0].offset;
    assert.ok(had > 0 && had < file.length);
    assert.equal(
      pieces.reduce((sum, x) => sum + x.size, 0),
      had,
    );
    await p.getByRole("button", { name: "继续上传" }).click();
    await waitFor("another piece", () => pieces.some((x) => x.at >= had));
    await set({ offline: true });
    await p.getByText("上传中断，文件还在本机，可以继续").waitFor();
    await set({});
    await p.getByText("PNG · 1 页").waitFor();
    const order = pieces.map((x) => x.at);
    assert.deepEqual(
      order,
      [...new Set(order)].sort((x, y) => x - y),
      "each place once, in order",
    );
    assert.ok(pieces.reduce((sum, x) => sum + x.size, 0) <= file.length);
    assert.deepEqual((await h.api("GET", h.path("uploads"))).items, []);
  });

  test("R-FORM-4 in another browser: the same file chosen again goes on, another one begins anew", async () => {
    const h = await until("print");
    const file = png(900, 700, true);
    await h.sendPiece("license", file, 300_000);
    const p = await at(h, "materials");
    const { pieces } = await watched(p);
    await p.getByText("上次传到 300 kB").waitFor();
    await p.getByLabel(/：证照复印件/).setInputFiles(license(file));
    await p.getByText("PNG · 1 页").waitFor();
    assert.equal(pieces[0].at, 300_000);
    await h.sendPiece("license", png(900, 700, true), 300_000);
    const q = await at(h, "materials");
    const second = await watched(q);
    await q.getByLabel(/：证照复印件/).setInputFiles(license(png(500, 300, true)));
    await q.getByText(/PNG · 1 页 · 4\d\d kB/).waitFor();
    assert.equal(second.pieces[0].at, 0);
  });

  test("R-FORM-4 two tabs with two files: who comes too late is told, and sees what counts", async () => {
    const h = await until("print");
    const p = await at(h, "materials");
    const { set } = await watched(p);
    await set({ uploadThroughput: 200_000 });
    await p.getByLabel(/：证照复印件/).setInputFiles(license(png(900, 700, true)));
    await p.getByText(some).waitFor();
    const q = await at(h, "materials");
    await q.getByLabel(/：证照复印件/).setInputFiles(license(png(200, 100, true)));
    await q.getByText("PNG · 1 页").waitFor();
    await p.getByText("这份材料在另一个页面上已经传完，或换成了另一个文件").waitFor();
    await p.getByText("PNG · 1 页").waitFor();
  });

  test("two tabs: what one changed the other shows by itself; logging out in one logs out the other", async () => {
    const h = await until("submit");
    const p = await at(h);
    const q = await p.context().newPage();
    await q.goto(p.url());
    for (const x of [p, q]) await x.getByRole("heading", { name: "等待缴费" }).waitFor();
    await p.getByRole("link", { name: "撤回申请" }).click();
    await p.getByRole("button", { name: "确认撤回" }).click();
    await q.getByRole("heading", { name: "申请已撤回" }).waitFor();
    await p.getByRole("button", { name: "退出登录" }).click();
    await q.getByRole("heading", { name: "登录", exact: true }).waitFor();
  });

  test("R-APPLY a restart of the server loses nothing: the page goes on where it was", async () => {
    const h = await until("fill");
    const p = await at(h, "organization");
    await p.getByLabel("单位地址").fill("重启时写的地址");
    await world.kill("web");
    await p.getByRole("button", { name: "保存并继续" }).click();
    await waitFor("the address saved", async () => {
      if (await p.getByText("没有连上服务器").count()) await p.getByRole("button", { name: "保存并继续" }).click();
      return (await h.api("GET", h.path()).catch(() => ({}))).organization_address === "重启时写的地址";
    });
  });

  test("drafts end with the login: the next person at the computer finds nothing", async () => {
    const h = await until("fill");
    const p = await at(h, "organization");
    await p.getByLabel("单位地址").fill("别人不该看到的地址");
    await p.getByRole("button", { name: "退出登录" }).click();
    await p.getByRole("heading", { name: "登录", exact: true }).waitFor();
    assert.equal(
      await p.evaluate(() => Object.keys(sessionStorage).filter((k) => k.startsWith("hufu.draft.")).length),
      0,
    );
  });

  test("R-FORM-5 sent back: only what was named can be changed, the rest is kept", async () => {
    const h = await until("pay");
    const reviewer = (world.reviewer ??= await Operator.logIn(world, "reviewer"));
    await reviewer.api("POST", `console/${h.path("return")}`, {
      reason: "missing-material",
      items: "organization,license",
      words: "请盖章",
    });
    const p = await at(h);
    await p.getByText("有内容需要补正").waitFor();
    assert.equal(await p.getByRole("link", { name: "使用人信息" }).count(), 0);
    await p.getByRole("link", { name: "单位信息" }).first().click();
    await p.getByLabel("单位地址").fill("北京市西城区改过的路 9 号");
    await p.getByRole("button", { name: "保存并继续" }).click();
    await p.getByRole("link", { name: "打印申请表" }).click();
    await p.getByRole("button", { name: "信息无误，去打印申请表" }).click();
    const [download] = await Promise.all([
      p.waitForEvent("download"),
      p.getByRole("button", { name: "下载申请表（PDF）" }).click(),
    ]);
    await p.getByRole("link", { name: "去上传材料" }).click();
    await p.getByText("这是旧版申请表的扫描件").waitFor();
    await p.getByLabel(/：国资CA数字证书服务受理表/).setInputFiles(await download.path());
    await p.getByLabel(/：证照复印件/).setInputFiles({
      name: "执照.png",
      mimeType: "image/png",
      buffer: png(700, 500),
    });
    await p.getByRole("link", { name: "材料齐全，去提交" }).click();
    await p.getByRole("button", { name: "重新提交审核" }).click();
    await p.getByRole("heading", { name: "正在审核" }).waitFor();
  });
  test("R-OPS-2 an operator's expired login: the reason typed is there after the next one", async () => {
    const h = await until("pay");
    const p = await (await person(browser, world, { width: 1440 })).newPage();
    await logInOperator(p, world, "reviewer");
    await p.goto(`${world.console}/applications/${h.number}`);
    await p.getByRole("button", { name: "退回补正" }).click();
    await p.getByRole("dialog").getByRole("radio").first().check();
    await p.getByLabel(/说明/).fill("执照上没有公章");
    await p.getByRole("dialog").getByRole("checkbox").first().check();
    await p.context().clearCookies();
    await p.getByRole("dialog").getByRole("button", { name: "退回补正" }).click();
    await p.getByText("登录已到期").waitFor();
    await logInOperator(p, world, "reviewer", { open: false });
    await p.getByRole("button", { name: "退回补正" }).click();
    assert.equal(await p.getByLabel(/说明/).inputValue(), "执照上没有公章");
    await p.getByRole("dialog").getByRole("button", { name: "退回补正" }).click();
    await waitFor("it went back", async () => (await h.api("GET", h.path())).state === "sent-back");
  });

  test("R-FORM-5 an expired login: one logs in again and is back, with what was typed", async () => {
    const h = early;
    const p = await at(h, "organization");
    await p.getByLabel("单位地址").fill("登录到期前写的地址");
    await p.context().clearCookies();
    await p.getByRole("button", { name: "保存并继续" }).click();
    await p.getByText("登录已到期").waitFor();
    /* A code a minute: who came early has waited for it by now. */
    await p.waitForTimeout(Math.max(0, 61_000 - (Date.now() - h.loggedInAt)));
    await logInBySms(p, world, h, { open: false });
    await p.getByLabel("单位地址").waitFor();
    assert.equal(await p.getByLabel("单位地址").inputValue(), "登录到期前写的地址");
    await p.getByRole("button", { name: "保存并继续" }).click();
    await waitFor(
      "the address saved",
      async () => (await h.api("GET", h.path())).organization_address === "登录到期前写的地址",
    );
  });
});
