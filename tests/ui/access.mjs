/* Every page for everyone: axe-core at WCAG 2.2 AA, no sideways scrolling at 360 px nor at 400 %, nothing that needs a mouse. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { waitFor } from "./world.mjs";
import { accessible, fits, person } from "./browser.mjs";
import { oneOfEach, snapshots } from "./lighthouse.mjs";
import { sizes, visit } from "./pages.mjs";
import { Holder } from "./people.mjs";
import { people, shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();

describe("for everyone", () => {
  tidy();

  test("every page at desktop and phone width: axe finds nothing at WCAG 2.2 AA, nothing sticks out; Lighthouse one of each kind", async () => {
    const wrong = [];
    let seen = 0;
    const lighthouse = await snapshots(browser.port);
    await visit(world, browser, await people(), async (page, name, kind) => {
      seen++;
      for (const check of [accessible, fits])
        await check(page, `${name} (${kind})`).catch((e) => wrong.push(e.message));
      if (kind === "phone") {
        /* 1280 px at 400 % (WCAG 1.4.10) */
        await page.setViewportSize({ width: 320, height: 256 });
        await fits(page, `${name} (400 %)`).catch((e) => wrong.push(e.message));
        await page.setViewportSize(sizes.phone);
      }
      if (oneOfEach.includes(name)) await lighthouse.audit(page, name, kind).catch((e) => wrong.push(e.message));
    });
    await lighthouse.close();
    assert.equal(wrong.join("\n"), "");
    assert.ok(seen > 90, `${seen} pages`);
  });

  test("from login to the first saved answer by keyboard alone, the focus always in sight", async () => {
    const holder = await Holder.opened(world, "何四");
    const context = await person(browser, world);
    const p = await context.newPage();
    await p.goto(world.portal + "/login");
    const here = () =>
      p.evaluate(() => {
        const e = document.activeElement;
        return {
          words: (e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText || "").trim(),
          ring: getComputedStyle(e.closest(".el-input__wrapper, .choice") ?? e).outlineStyle,
        };
      });
    const tabTo = async (words) => {
      for (let i = 0; i < 60; i++) {
        await p.keyboard.press("Tab");
        const at = await here();
        if (at.words.includes(words)) {
          await waitFor(`the focus on ${words}`, async () => (await here()).ring !== "none", 3000);
          return;
        }
      }
      assert.fail(`the keyboard does not reach ${words}`);
    };
    const since = world.messages("sms").length;
    await tabTo("手机号");
    await p.keyboard.type(holder.mobile);
    await p.keyboard.press("Enter");
    await p.getByLabel("短信验证码").waitFor();
    await p.keyboard.type(await world.code(holder.mobile, since));
    await p.keyboard.press("Enter");
    await p.getByText("您还没有数字证书").waitFor();
    await tabTo("开始申请");
    await p.keyboard.press("Enter");
    await p.getByText("开始之前请准备").waitFor();
    await p.getByRole("button", { name: "开始申请" }).waitFor();
    await tabTo("开始申请");
    await p.keyboard.press("Enter");
    await p.getByText("已完成 0 项").waitFor();
    await tabTo("阅读并同意");
    await p.keyboard.press("Enter");
    await p.getByLabel("我已阅读并同意").waitFor();
    await tabTo("同意并继续");
    await p.keyboard.press("Enter");
    /* The summary has the keyboard; its link leads to the field. */
    await p.waitForFunction(() => document.activeElement?.classList.contains("summary"));
    await p.keyboard.press("Tab");
    await p.keyboard.press("Enter");
    assert.match((await here()).words, /我已阅读并同意/);
    await p.keyboard.press("Space");
    await tabTo("同意并继续");
    await p.keyboard.press("Enter");
    await p.getByRole("heading", { name: "单位信息" }).waitFor();
    await p.getByLabel("单位名称").waitFor();
    await tabTo("保存并继续");
    await p.keyboard.press("Enter");
    await p.getByRole("heading", { name: "使用人信息" }).waitFor();
  });

  test("with the person's own colours a field has its edge and the current tab its line; at rest nothing moves; on paper nothing is pressed", async () => {
    const p = await (await person(browser, world)).newPage();
    await p.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
    await p.goto(world.portal + "/login");
    await p.getByLabel("手机号").waitFor();
    const style = (selector, name) =>
      p
        .locator(selector)
        .first()
        .evaluate((e, n) => getComputedStyle(e)[n], name);
    assert.equal(await style(".el-input__wrapper", "borderTopWidth"), "1px");
    assert.ok(parseFloat(await style(".button", "transitionDuration")) < 0.001);
    await p.emulateMedia({ forcedColors: "none", media: "print" });
    for (const gone of ["header", ".button", ".skip"]) assert.equal(await style(gone, "display"), "none", gone);
  });

  test("the way past the header: the skip link comes first", async () => {
    const context = await person(browser, world);
    const p = await context.newPage();
    await p.goto(world.portal + "/help");
    await p.getByRole("heading", { name: "使用帮助" }).waitFor();
    await p.keyboard.press("Tab");
    assert.equal(await p.evaluate(() => document.activeElement.textContent), "跳到正文");
  });
});
