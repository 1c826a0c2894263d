/* What a year brings. It moves the clock of the whole installation: the last of its tests. */
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { accessible, chooseKey, enter, fits, logInByKey, logInOperator, person, visitor } from "./browser.mjs";
import { sizes } from "./pages.mjs";
import { Holder, newPin } from "./people.mjs";
import { people, shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();

describe("a year later", () => {
  tidy();
  let renewing;

  before(async () => {
    await people();
    renewing = await Holder.until(world, "receive", "卫一");
    await renewing.changePin();
    await world.stop();
    for (const section of ["web", "signer"]) world.set(section, "clock_offset_s", 400 * 86_400);
    await world.start();
    /* Everybody's login is over. */
    world.administrator = world.reviewer = world.producer = undefined;
  });

  test("R-LOGIN-4 an expired certificate: told to renew", async () => {
    const { has } = await people();
    const p = await visitor(browser, world);
    await p.goto(world.platform + "/login");
    await p.getByRole("button", { name: "登录", exact: true }).click();
    await chooseKey(p, has.card.serial);
    await p.getByLabel("USBKey 口令", { exact: true }).fill(newPin);
    await p.getByRole("button", { name: "确认" }).click();
    await p.getByText("证书已过期，不能登录").waitFor();
    await p.getByText("证书延期").first().waitFor();
  });

  test("R-RENEW-3 证书下载 updates the USBKey by itself; after an approval anew with another new key", async () => {
    await renewing.logIn();
    await renewing.apply("renew");
    for (const step of ["fill", "print", "upload", "submit", "pay", "approve"]) await renewing[step]();
    const context = await person(browser, world);
    await enter(context, renewing.page);
    const p = await context.newPage();
    await p.goto(world.portal + "/");
    await p.getByRole("link", { name: "证书下载" }).click();
    await p.getByText("原有的加密密钥保留").waitFor();
    await accessible(p, "a renewal to be downloaded");
    const take = async () => {
      await p.getByLabel("USBKey 口令", { exact: true }).fill(newPin);
      await p.getByRole("button", { name: "证书下载" }).click();
    };
    /* Issued and never written: the authority makes it anew, and the key that was certified is not certified again. */
    await p.route(`${world.state().agent}/v1/download-write`, (r) => r.abort("connectionreset"));
    await take();
    await p.getByRole("button", { name: "继续写入" }).waitFor();
    const number = renewing.number;
    const q = await visitor(browser, world, { width: 1440 });
    await logInOperator(q, world, "producer");
    await q.goto(`${world.console}/applications/${number}`);
    await q.getByRole("button", { name: "退回重新办理" }).click();
    await q.getByText("不要退回").waitFor();
    await accessible(q, "what was issued sent back");
    const dialog = q.getByRole("dialog");
    await dialog.getByRole("button", { name: "退回重新办理" }).click();
    await q.getByRole("link", { name: "请填写原因" }).waitFor();
    await dialog.getByLabel("原因").fill("USBKey 写入失败");
    await dialog.getByRole("button", { name: "退回重新办理" }).click();
    await q.getByText("已退回审核").waitFor();
    await p.getByText("现在不能下载证书").waitFor();
    await renewing.approve();
    await p.unrouteAll();
    const opened = [];
    p.on(
      "request",
      (r) => r.url().endsWith("/download-open") && r.method() === "POST" && opened.push(r.postDataJSON()),
    );
    await take();
    await p.getByText("证书已更新到 USBKey").waitFor();
    assert.deepEqual(
      opened.map((o) => o.fresh),
      [undefined, "yes"],
    );
    await accessible(p, "a renewal downloaded");
    await p.setViewportSize(sizes.phone);
    await fits(p, "a renewal downloaded");
    await p.setViewportSize(sizes.desktop);
    assert.equal((await renewing.api("GET", `applications/${number}`)).state, "done");
    await logInByKey(await visitor(browser, world), world.platform, renewing.card.serial, newPin);
  });
});
