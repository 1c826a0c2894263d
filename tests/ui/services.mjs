/* What the other services have that an application for a first certificate has not. */
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { accessible, chooseKey, enter, fits, logInByKey, logInOperator, person, sign, visitor } from "./browser.mjs";
import { sizes } from "./pages.mjs";
import { Holder, newPin, png } from "./people.mjs";
import { shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();

async function at(holder, tail = "") {
  const context = await person(browser, world);
  await enter(context, holder.page);
  const p = await context.newPage();
  await p.goto(world.portal + (tail.startsWith("/") ? tail : `/applications/${holder.number}${tail && "/"}${tail}`));
  return p;
}

/* Begins a service by its card on the home page. */
async function begin(holder, title) {
  const p = await at(holder, "/");
  await p.getByRole("link", { name: title }).click();
  await p.getByRole("heading", { name: title, level: 1 }).waitFor();
  await p.getByRole("button", { name: "开始申请" }).click();
  await p.getByText(/已完成 \d 项/).waitFor();
  const number = /\d{17}/.exec(p.url())[0];
  await holder.at(await holder.api("GET", `applications/${number}`));
  return p;
}

async function everyone(p, what) {
  await accessible(p, what);
  await p.setViewportSize(sizes.phone);
  await fits(p, what);
  await p.setViewportSize(sizes.desktop);
}

describe("the other services", () => {
  tidy();
  let has, other, locked, held, passing;

  before(async () => {
    has = await Holder.until(world, "receive", "马一");
    other = await Holder.until(world, "receive", "马二");
    locked = await Holder.until(world, "receive", "马四");
    await locked.changePin();
    held = await Holder.until(world, "receive", "马五");
    await held.changePin();
    passing = await Holder.until(world, "receive", "马六");
    await passing.changePin();
  });

  test("R-RENEW-2, R-APPLY-1 what is not for somebody now is told on the home page, and by the server", async () => {
    const p = await at(has, "/");
    const card = (title) => p.locator("article.service", { has: p.getByRole("heading", { name: title, exact: true }) });
    await card("证书申请").getByText("您已有有效的证书").waitFor();
    await card("证书延期")
      .getByText(/自 .*起可以办理/)
      .waitFor();
    for (const title of ["USBKey解锁", "证书补办", "证书更换", "证书吊销", "使用人变更"])
      await card(title).getByRole("link", { name: title }).waitFor();
    await p.goto(world.portal + "/services/renew");
    await p.getByText(/自 .*起可以办理/).waitFor();
    assert.equal(await p.getByRole("button", { name: "开始申请" }).count(), 0);
    await p.goto(world.portal + "/services/nothing");
    await p.getByRole("heading", { name: "没有这个页面" }).waitFor();
  });

  test("R-UNLOCK-2 approved, the locked USBKey is read and unlocked, and gets its new PIN at once", async () => {
    const agent = `${world.state().agent}/**`;
    await locked.apply("unlock");
    for (const step of ["fill", "print", "upload", "submit"]) await locked[step]();
    const p = await at(locked, "unlock");
    await p.getByText("现在不能解锁").waitFor();
    await locked.approve();
    await p.getByText("这把 USBKey 没有锁死").waitFor();
    await p.getByRole("link", { name: "查看办理进度" }).click();
    await p.getByText("待解锁", { exact: true }).waitFor();
    assert.equal(await p.getByText("待制证").count(), 0);
    await p.getByRole("link", { name: "进入解锁" }).click();
    await p.getByText("这把 USBKey 没有锁死").waitFor();
    await everyone(p, "a USBKey that is not locked");
    await locked.card.pull();
    await p.getByText("插入的不是批准解锁的 USBKey").waitFor();
    await everyone(p, "another USBKey than the approved one");
    await p.route(agent, (r) => r.abort("connectionrefused"));
    await p.getByText("USBKey 控件没有运行").waitFor();
    await p.unroute(agent);
    await locked.card.plug();
    await locked.lock();
    await p.getByRole("button", { name: "重试" }).click();
    await p.getByRole("button", { name: "解锁", exact: true }).waitFor();
    await everyone(p, "a locked USBKey");
    /* The server's answer is given and lost on its way to the key: the page does it once more, and it is the same answer. */
    await p.route(`${world.state().agent}/v1/unlock-answer`, (r) => r.abort("connectionreset"), { times: 1 });
    await p.getByRole("button", { name: "解锁", exact: true }).click();
    await p.getByText("USBKey 控件没有运行").waitFor();
    assert.equal((await locked.api("GET", locked.path())).state, "done");
    await p.getByRole("button", { name: "解锁", exact: true }).click();
    await p.getByText("已解锁，请设置新口令").first().waitFor();
    await everyone(p, "the new PIN after an unlock");
    await p.getByLabel("当前口令").fill("000000");
    await p.getByLabel("新口令", { exact: true }).fill("582917");
    await p.getByLabel("再输一次新口令").fill("582917");
    await p.getByRole("button", { name: "设置新口令" }).click();
    await p.getByText("解锁完成，新口令已设置").waitFor();
    await everyone(p, "a USBKey unlocked");
    await p.reload();
    await p.getByText("这次批准已经用过").waitFor();
    await logInByKey(await visitor(browser, world), world.platform, locked.card.serial, "582917");
    await locked.lock();
    await p.getByRole("button", { name: "解锁", exact: true }).click();
    await p.getByRole("alert").waitFor();
    await p.getByText("已锁死", { exact: true }).waitFor();
  });

  test("R-REVOKE-3 a holder puts the own certificate on hold at once; a reviewer releases it by a signature in words", async () => {
    const p = await at(held, "/certificates");
    await p.getByRole("link", { name: "临时挂失" }).click();
    await p.getByText("立即生效").waitFor();
    await everyone(p, "what a hold does");
    await p.getByRole("button", { name: "立即挂失" }).click();
    await p.getByText("证书已冻结").first().waitFor();
    await everyone(p, "a certificate on hold");
    const q = await visitor(browser, world);
    await q.goto(world.platform + "/login");
    await q.getByRole("button", { name: "登录", exact: true }).click();
    await chooseKey(q, held.card.serial);
    await q.getByLabel("USBKey 口令", { exact: true }).fill(newPin);
    await q.getByRole("button", { name: "确认" }).click();
    await q.getByText("证书处于冻结状态，暂时不能登录").waitFor();
    const r = await visitor(browser, world, { width: 1440 });
    await logInOperator(r, world, "reviewer");
    await r.goto(`${world.console}/certificates/${held.serial}`);
    await r.getByText("已冻结", { exact: true }).waitFor();
    await r.getByRole("button", { name: "解除冻结" }).click();
    await r.getByRole("dialog").getByText("解除证书冻结").waitFor();
    await r.getByRole("dialog").getByText("马五").first().waitFor();
    await everyone(r, "a hold to be released");
    await sign(r, world, "reviewer", "签名并解除冻结");
    await r.getByText("已解除冻结，已公布").waitFor();
    await p.goto(world.portal + "/certificates");
    await p.getByText("有效", { exact: true }).waitFor();
    await logInByKey(await visitor(browser, world), world.platform, held.card.serial, newPin);
  });

  test("R-DAMAGED-1 the address to send to, the waybill, receipt and inspection before the approval", async () => {
    const p = await begin(has, "证书更换");
    await p.getByText("邮寄地址").first().waitFor();
    await has.fill();
    await has.print();
    await has.upload();
    await p.goto(`${world.portal}/applications/${has.number}/submit`);
    await p.getByRole("button", { name: "提交审核" }).click();
    await p.getByRole("heading", { name: "等待收到损坏的 USBKey" }).waitFor();
    await p.getByText("国资CA 服务部（演示）").waitFor();
    await p.getByRole("button", { name: "保存运单号" }).click();
    await p.getByRole("link", { name: "请填写寄回的运单号" }).waitFor();
    await p.getByLabel("寄回的运单号").fill("sf1234567890");
    await p.getByRole("button", { name: "保存运单号" }).click();
    await p.getByText("运单 SF1234567890 已登记").waitFor();
    await everyone(p, "a USBKey on its way back");
    const q = await visitor(browser, world, { width: 1440 });
    await logInOperator(q, world, "reviewer");
    await q.goto(`${world.console}/applications/${has.number}`);
    await q.getByText("SF1234567890").first().waitFor();
    await q.getByRole("button", { name: "登记收到 USBKey" }).click();
    await q.getByText("已登记收到").waitFor();
    await p.getByRole("heading", { name: "正在审核" }).waitFor();
    assert.equal(await q.getByRole("button", { name: "批准", exact: true }).count(), 0, "not before the inspection");
    await q.getByRole("button", { name: "登记检测结果" }).click();
    await q.getByRole("button", { name: "确认" }).click();
    await q.getByRole("link", { name: "请选择损坏原因" }).waitFor();
    await everyone(q, "what an inspection found");
    await q.getByRole("radio", { name: /非使用人原因/ }).check();
    await q.getByLabel("检测说明").fill("芯片失效，外观完好");
    await q.getByRole("button", { name: "确认" }).click();
    await q.getByText("检测结果已登记").waitFor();
    await q.getByRole("button", { name: "批准", exact: true }).waitFor();
  });

  test("R-CHANGE-1, 3 the colleague is named by the mobile number, told why not, and confirms", async () => {
    const colleague = await Holder.opened(world, "马三", other);
    const p = await begin(other, "使用人变更");
    await p.goto(`${world.portal}/applications/${other.number}/successor`);
    await p.getByLabel("新使用人的手机号").fill(other.mobile);
    await p.getByRole("button", { name: "保存并继续" }).click();
    await p
      .getByText(/新使用人不能是原使用人本人/)
      .first()
      .waitFor();
    await everyone(p, "a colleague who cannot be");
    await p.getByLabel("新使用人的手机号").fill(colleague.mobile);
    await p.getByRole("button", { name: "保存并继续" }).click();
    await p.waitForURL((url) => !url.pathname.endsWith("/successor"));
    await other.fill();
    await other.print();
    await p.goto(`${world.portal}/applications/${other.number}/materials`);
    await p.getByLabel(/：新使用人身份证件复印件/).waitFor({ state: "attached" });
    await other.upload();
    await other.submit();
    await p.goto(`${world.portal}/applications/${other.number}`);
    await p.getByRole("heading", { name: "等待新使用人确认" }).waitFor();
    colleague.number = other.number;
    const q = await at(await colleague.logIn());
    await q.getByRole("heading", { name: "马二申请把数字证书变更给您使用" }).waitFor();
    await everyone(q, "asked whether to take a certificate over");
    await q.getByRole("button", { name: "确认由我使用" }).click();
    await q.getByRole("heading", { name: "正在审核" }).waitFor();
    await p.getByRole("heading", { name: "正在审核" }).waitFor();
  });

  test("R-CHANGE-2, R-CHANGE-4 the new holder downloads, through a lost USBKey and a lost line, and sets the PIN", async () => {
    const agent = `${world.state().agent}/v1`;
    const colleague = await Holder.opened(world, "马七", passing);
    await passing.passTo(colleague);
    const closed = await at(colleague, "download");
    await closed.getByText("现在不能下载证书").waitFor();
    await closed.close(); /* it would go on with what the other page leaves open */
    await passing.approve();
    const former = await at(passing);
    await former.getByText("请新使用人登录本平台").waitFor();
    assert.equal(await former.getByRole("link", { name: "证书下载" }).count(), 0);
    await former.goto(`${world.portal}/applications/${passing.number}/download`);
    await former.getByText("由新使用人下载").waitFor();
    await everyone(former, "a download that is somebody else's");
    const p = await at(colleague, "/");
    await passing.card.pull();
    await p.getByRole("link", { name: "证书下载" }).click();
    await p.getByText("插入的不是马六交接的 USBKey").waitFor();
    await everyone(p, "a download without its USBKey");
    await passing.card.plug();
    await p.getByText("不需要马六的口令").waitFor();
    await everyone(p, "a download by the new holder");
    assert.equal(await p.getByLabel("USBKey 口令", { exact: true }).count(), 0);
    const full = { code: 3249, name: "AGENT_KEY_FULL", message: "USBKey 已存满", hint: "请联系客服，更换一把 USBKey" };
    await p.route(
      `${agent}/download-open`,
      (r) => r.fulfill({ status: 409, json: full, headers: { "Access-Control-Allow-Origin": world.portal } }),
      { times: 1 },
    );
    await p.getByRole("button", { name: "证书下载" }).click();
    await p.getByText("请联系客服，更换一把 USBKey").waitFor();
    /* Pulled before it is written; plugged in again it goes on by itself, and the line is gone when the end is told. */
    await p.route(
      `${agent}/download-write`,
      async (r) => {
        await passing.card.pull();
        await r.continue();
      },
      { times: 1 },
    );
    const end = `${world.portal}/api/v1/${passing.path("download")}`;
    await p.route(end, (r) => r.abort("connectionreset"));
    await p.getByRole("button", { name: "证书下载" }).click();
    await p.getByText("还没有全部写入").waitFor();
    await everyone(p, "a USBKey pulled out in between");
    assert.equal((await colleague.api("GET", passing.path())).state, "issued");
    await passing.card.plug();
    await p.getByText("没有连上服务器").waitFor();
    await p.getByRole("button", { name: "继续写入" }).waitFor();
    await everyone(p, "a download whose end could not be told");
    await p.unroute(end);
    await p.reload();
    await p.getByText("新证书已写入，请设置您的口令").first().waitFor();
    assert.equal((await colleague.api("GET", passing.path())).state, "done");
    await everyone(p, "the PIN after a change of holder");
    await p.goto(`${world.portal}/applications/${passing.number}`);
    await p.getByText("已办结").first().waitFor();
    await p.goBack();
    await p.getByLabel("当前口令").fill("000000");
    await p.getByLabel("新口令", { exact: true }).fill("582917");
    await p.getByLabel("再输一次新口令").fill("582917");
    await p.getByRole("button", { name: "设置新口令" }).click();
    await p.getByText("证书已归您使用。请牢记新口令").waitFor();
    await everyone(p, "a certificate taken over");
    await logInByKey(await visitor(browser, world), world.platform, passing.card.serial, "582917");
    await former.goto(world.portal + "/certificates");
    await former.getByText("已吊销", { exact: true }).first().waitFor();
  });

  test("R-LOST-2, R-CHANGE-2 a USBKey that is lost before the download is replaced, and the former application stands back", async () => {
    const from = await Holder.until(world, "receive", "马十");
    const colleague = await Holder.opened(world, "马十一", from);
    await from.passTo(colleague);
    await from.approve();
    const p = await at(colleague);
    await p.getByRole("heading", { name: "USBKey 丢失或损坏了？" }).waitFor();
    await everyone(p, "a download whose USBKey may be gone");
    await p.getByRole("link", { name: "丢失：证书补办" }).click();
    await p.getByText("接替已批准、还没有下载的使用人变更").waitFor();
    await everyone(p, "a replacement of what waits for a download");
    await p.getByRole("button", { name: "开始申请" }).click();
    await p.getByText("接替原申请").waitFor();
    await everyone(p, "the tasks of such a replacement");
    const own = p.url();
    await p.getByText("接替原申请").getByRole("link").click();
    await p.getByRole("heading", { name: "已由补办或更换接替" }).waitFor();
    await everyone(p, "an application that was replaced");
    await p.getByRole("link", { name: "查看接替的申请" }).click();
    await p.waitForURL(own);
    await p.getByRole("link", { name: "撤回申请" }).click();
    await p.getByRole("button", { name: "撤回" }).click();
    await p.getByText("申请已撤回").first().waitFor();
    await p.goto(`${world.portal}/applications/${from.number}`);
    await p.getByRole("link", { name: "证书下载" }).waitFor();
  });

  test("R-FORM-6 a colleague is named, does what may be done for the holder, and is shut out again", async () => {
    const holder = await (await Holder.opened(world, "马八")).logIn();
    const deputy = await (await Holder.opened(world, "马九", holder)).logIn();
    await holder.apply();
    await holder.fill();
    const p = await at(holder);
    await p.getByRole("link", { name: "委托经办人" }).click();
    await p.getByLabel("经办人的手机号").fill("13900000000");
    await p.getByRole("button", { name: "委托", exact: true }).click();
    await p.getByText("本单位没有使用这个手机号的账户").first().waitFor();
    await everyone(p, "a deputy who cannot be");
    await p.getByLabel("经办人的手机号").fill(deputy.mobile);
    await p.getByRole("button", { name: "委托", exact: true }).click();
    await p.getByText("已委托马九经办").waitFor();
    const q = await at(deputy, "/");
    await q.getByRole("heading", { name: "代办" }).waitFor();
    await everyone(q, "what one does for others");
    await q.getByRole("link", { name: `打开 ${holder.number}` }).click();
    await q.getByText("您正在替马八经办").waitFor();
    await q.getByText("使用人本人办理").first().waitFor();
    assert.equal(await q.getByRole("link", { name: "撤回申请" }).count(), 0);
    assert.equal(await q.getByRole("link", { name: "提交", exact: true }).count(), 0);
    await everyone(q, "an application done for another");
    deputy.number = holder.number;
    deputy.rule = holder.rule;
    for (const step of ["print", "upload"]) await deputy[step]();
    await q.goto(`${world.portal}/applications/${holder.number}/materials`);
    await q.getByText("还缺：委托书").waitFor();
    await q.getByLabel(/：委托书/).setInputFiles({ name: "委托书.png", mimeType: "image/png", buffer: png() });
    await q.getByText("请使用人本人登录平台提交").waitFor();
    await q.reload();
    await q.getByText("请使用人本人登录平台提交").waitFor();
    await everyone(q, "scans uploaded for another");
    await holder.submit();
    await q.goto(`${world.portal}/applications/${holder.number}`);
    await q.getByRole("link", { name: /缴费|支付/ }).waitFor();
    assert.equal(await q.getByRole("link", { name: "撤回申请" }).count(), 0);
    await everyone(q, "an application to be paid for another");
    await p.goto(`${world.portal}/applications/${holder.number}`);
    await p.getByRole("link", { name: "取消委托" }).click();
    await p.getByRole("button", { name: "取消委托" }).click();
    await p.getByText("委托已取消").waitFor();
    await everyone(p, "a deputy no more");
    await q.reload();
    await q.getByRole("alert").waitFor();
  });

  test("R-REVOKE-1, R-FORM-7 a revocation overrides what is open, and asks for its reason", async () => {
    const p = await at(has, "/services/revoke");
    await p.getByText("这份申请会被取消").waitFor();
    await p.getByRole("button", { name: "开始申请" }).click();
    await p.getByText("已完成 0 项").waitFor();
    const number = /\d{17}/.exec(p.url())[0];
    await p.goto(`${world.portal}/applications/${number}/reason`);
    await p.getByRole("button", { name: "保存并继续" }).click();
    await p.getByRole("link", { name: "请选择吊销原因" }).waitFor();
    await everyone(p, "a revocation without its reason");
    await p.getByRole("radio", { name: "怀疑 USBKey 或口令已被他人使用" }).check();
    await p.getByRole("button", { name: "保存并继续" }).click();
    await p.goto(`${world.portal}/applications/${number}/check`);
    await p.getByText("怀疑 USBKey 或口令已被他人使用").waitFor();
    assert.equal((await has.api("GET", has.path())).state, "cancelled");
  });
});
