/* An organization's own account (R-ACCT-6): who runs it, what it sees, what it asks for (R-OPS-9, R-FORM-6), and what the console
 * does about it. */
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { accessible, enter, fits, logInByKey, logInOperator, person, sign, visitor } from "./browser.mjs";
import { sizes } from "./pages.mjs";
import { Holder, newPin } from "./people.mjs";
import { shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();

async function at(holder, path) {
  const context = await person(browser, world);
  await enter(context, holder.page);
  const p = await context.newPage();
  await p.goto(world.portal + path);
  return p;
}

async function operator(role, path) {
  const p = await visitor(browser, world, { width: 1440 });
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

describe("an organization's own account", () => {
  tidy();
  let worker, head;

  before(async () => {
    worker = await Holder.until(world, "receive", "高一");
    await worker.changePin();
    head = await (await Holder.opened(world, "高二", worker)).logIn();
  });

  test("R-ACCT-6 who runs an organization is named at the console, and has its people in the menu", async () => {
    const p = await at(head, "/organization");
    await p.getByRole("alert").waitFor();
    assert.equal(await p.getByRole("link", { name: "本单位", exact: true }).count(), 0);
    const a = await operator("administrator", `/accounts/people/${head.account}`);
    await a.getByRole("button", { name: "设为单位管理员" }).click();
    await a.getByText("已设为单位管理员").waitFor();
    await everyone(a, "an account that runs its organization");
    await p.goto(world.portal + "/");
    await p.getByRole("link", { name: "本单位", exact: true }).click();
    await p.getByRole("link", { name: /查看 ?：高一/ }).waitFor();
    await everyone(p, "certificates of an organization");
    /* What ends within a month, as if this one did. */
    const all = (r) => r.continue({ url: r.request().url().replace("which=ending", "which=all") });
    await p.route(/which=ending/, all);
    await p.reload();
    await p.getByText("有 1 张证书在一个月内到期").waitFor();
    await everyone(p, "certificates of which one ends soon");
    await p.getByRole("button", { name: "只看这些证书" }).click();
    await p.getByText("有 1 张证书在一个月内到期").waitFor({ state: "hidden" });
    await p.unroute(/which=ending/, all);
    await p.getByLabel("姓名").fill("没有这个人");
    await p.getByRole("button", { name: "查找" }).click();
    await p.getByText("没有符合条件的证书").waitFor();
    await p.getByRole("link", { name: "受理单" }).last().click();
    await p.getByRole("link", { name: `打开 ${worker.number}` }).waitFor();
    await everyone(p, "applications of an organization");
    await p.getByRole("link", { name: "人员" }).click();
    await p.getByRole("link", { name: /查看 ?：高一/ }).click();
    await p.getByRole("heading", { name: "高一", level: 1 }).waitFor();
    await p.getByRole("link", { name: /查看 ?：高一/ }).waitFor();
    await everyone(p, "one of an organization's people");
    assert.equal((await p.content()).includes(worker.mobile), false);
  });

  test("R-OPS-9 a certificate is put on hold at once, its holder is told by whom, and a reviewer releases it", async () => {
    const p = await at(head, `/organization/certificates/${worker.serial}`);
    await p.getByRole("link", { name: "立即冻结" }).click();
    await p.getByText(/高一用这张证书登录国资监管平台会被拒绝/).waitFor();
    await everyone(p, "what a hold in an organization's name does");
    await p.getByRole("button", { name: "立即冻结" }).click();
    await p.getByText(/高二于 .*以本单位的名义冻结/).waitFor();
    await everyone(p, "a certificate that the organization has on hold");
    const q = await at(worker, "/certificates");
    await q.getByRole("heading", { name: "证书已由本单位冻结" }).waitFor();
    await q.getByText(/认为冻结不当的，请拨打客服电话/).waitFor();
    await everyone(q, "the own certificate on hold by the organization");
    const r = await operator("reviewer", "/halted/held");
    await r.getByLabel("姓名或单位").fill("高一");
    await r.getByRole("button", { name: "筛选" }).click();
    await r.getByRole("cell", { name: "单位管理员高二" }).waitFor();
    await r.getByRole("link", { name: /查看并处理 ?：高一/ }).click();
    await r.getByText(/单位管理员高二于 .*以单位名义冻结/).waitFor();
    await r.getByRole("button", { name: "解除冻结" }).click();
    await sign(r, world, "reviewer", "签名并解除冻结");
    await r.getByText("已解除冻结，已公布").waitFor();
    await logInByKey(await visitor(browser, world), world.platform, worker.card.serial, newPin);
  });

  test("R-FORM-6 who runs the organization names who acts in an application, and ends it", async () => {
    const applicant = await (await Holder.opened(world, "高三", worker)).logIn();
    await applicant.apply();
    await applicant.fill();
    const p = await at(head, `/organization/applications/${applicant.number}`);
    await p.getByRole("link", { name: "委托或更换经办人" }).click();
    await p.getByLabel("经办人的手机号").fill("1390000");
    await p.getByRole("button", { name: "委托", exact: true }).click();
    await p.getByRole("alert").waitFor();
    await everyone(p, "a deputy's number that is none");
    await p.getByLabel("经办人的手机号").fill(head.mobile);
    await p.getByRole("button", { name: "委托", exact: true }).click();
    await p.getByText(/^高二，139/).waitFor();
    await everyone(p, "an application of one of the people");
    await p.getByRole("link", { name: "委托或更换经办人" }).click();
    await p.getByRole("button", { name: "取消委托" }).click();
    await p.getByText("委托已取消").waitFor();
  });

  test("R-OPS-9 a revocation is asked for, checked, left with a reason, asked for again and made", async () => {
    const p = await at(head, `/organization/certificates/${worker.serial}`);
    const ask = async (words) => {
      await p.getByRole("link", { name: "申请吊销" }).click();
      await p.getByRole("button", { name: "核对" }).waitFor();
      if (!words.again) {
        await p.getByRole("button", { name: "核对" }).click();
        await p.getByText("请选择吊销原因").first().waitFor();
        await everyone(p, "a revocation asked for without a reason");
      }
      await p.getByLabel("使用人离职或调动").check();
      await p.getByLabel("说明").fill(words.text);
      await p.reload();
      await p.getByRole("button", { name: "核对" }).click();
      await p.getByRole("heading", { name: "核对吊销申请" }).waitFor();
      await everyone(p, "a revocation to be checked");
      await p.getByText(words.text).waitFor();
      await p.getByRole("button", { name: "提交申请" }).click();
      await p.getByRole("heading", { name: "已申请吊销，等待审核" }).waitFor();
    };
    await ask({ text: "已于本月离职" });
    await everyone(p, "a certificate that waits to be revoked");
    assert.equal(await p.getByRole("link", { name: "申请吊销" }).count(), 0);
    const r = await operator("reviewer", "/revocations");
    await r.getByRole("button", { name: /处理 ?：高一/ }).waitFor();
    await r.getByRole("link", { name: /待吊销 ?\d+ 项待办/ }).waitFor();
    await everyone(r, "certificates that wait to be revoked");
    await r.getByRole("button", { name: /处理 ?：高一/ }).click();
    await r.getByRole("dialog").getByText("已于本月离职").waitFor();
    await r.getByRole("button", { name: "不吊销" }).click();
    await r.getByRole("button", { name: "不吊销，通知申请人" }).click();
    await r.getByText("请填写理由").first().waitFor();
    await everyone(r, "a revocation left without a reason");
    await r.getByLabel("理由").fill("本人称仍在职");
    await r.getByRole("button", { name: "不吊销，通知申请人" }).click();
    await r.getByText("高一的证书保持原状").waitFor();
    await p.reload();
    await p.getByText(/本人称仍在职/).waitFor();
    await everyone(p, "a revocation that was refused");
    await ask({ text: "附离职证明", again: true });
    await r.getByRole("button", { name: "刷新" }).click();
    await r.getByRole("button", { name: /处理 ?：高一/ }).click();
    await r.getByRole("dialog").getByRole("button", { name: "吊销证书" }).click();
    await r.getByRole("button", { name: "下一步：签名" }).click();
    await sign(r, world, "reviewer", "签名并吊销");
    await r.getByText("高一的证书已吊销").waitFor();
    await p.reload();
    await p.getByText("已吊销", { exact: true }).waitFor();
    assert.equal(await p.getByRole("link", { name: "立即冻结" }).count(), 0);
  });
});
