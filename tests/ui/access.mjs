/* Every page for everyone: axe-core at WCAG 2.2 AA, no sideways scrolling at 360 px, nothing that needs a mouse. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { waitFor } from "./world.mjs";
import { accessible, fits, person } from "./browser.mjs";
import { visit } from "./pages.mjs";
import { Holder, newPin } from "./people.mjs";
import { people, shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();

describe("for everyone", () => {
  tidy();

  test("every page at desktop and phone width: axe finds nothing at WCAG 2.2 AA, nothing sticks out", async () => {
    const wrong = [];
    let seen = 0;
    await visit(world, browser, await people(), async (page, name, kind) => {
      seen++;
      for (const check of [accessible, fits])
        await check(page, `${name} (${kind})`).catch((e) => wrong.push(e.message));
    });
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

  /* What has the keyboard, and presses Tab until that is WORDS. */
  const focused = (p) =>
    p.evaluate(() => {
      const e = document.activeElement;
      if (!e.matches("a, button, input, select, textarea")) return ""; // a page's heading or main part
      return (e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText || "")
        .replace(/\s+/g, " ")
        .trim();
    });
  const tabTo = async (p, words) => {
    for (let i = 0; i < 80; i++) {
      if ((await focused(p)).includes(words)) return;
      await p.keyboard.press("Tab");
    }
    assert.fail(`the keyboard does not reach ${words}`);
  };

  /* With several keys plugged in, the arrows go from one to the next. */
  const logInByKeyboard = async (p, origin, serial, pin) => {
    await p.goto(origin + "/login");
    await p.getByRole("button", { name: "登录", exact: true }).waitFor();
    for (let i = 0; i < 20 && (await focused(p)) !== "登录"; i++) await p.keyboard.press("Tab");
    await p.keyboard.press("Enter");
    await p.getByText(serial).first().waitFor();
    if (await p.getByRole("dialog").getByRole("radio").count()) {
      for (let i = 0; i < 20 && !(await p.evaluate(() => document.activeElement.name === "usbkey")); i++)
        await p.keyboard.press("Tab");
      for (let i = 0; i < 40 && !(await focused(p)).includes(serial); i++) await p.keyboard.press("ArrowDown");
      await p.keyboard.press("Space");
      await p.getByRole("radio", { name: new RegExp(serial), checked: true }).waitFor();
      await p.getByLabel("USBKey 口令", { exact: true }).waitFor();
      assert.ok((await focused(p)).includes(serial), "choosing a key leaves the keyboard there");
    }
    await p.getByLabel("USBKey 口令", { exact: true }).waitFor();
    await tabTo(p, "USBKey 口令");
    await p.keyboard.type(pin);
    await p.keyboard.press("Enter");
  };

  test("R-LOGIN-2 to the platform, its tools and out again by keyboard alone", async () => {
    const { has } = await people();
    const p = await (await person(browser, world)).newPage();
    await logInByKeyboard(p, world.platform, has.card.serial, newPin);
    await p.getByText("您已登录").waitFor();
    await tabTo(p, "工具下载");
    await p.keyboard.press("Enter");
    await tabTo(p, "USBKEY 驱动控件");
    await p.keyboard.press("Escape");
    assert.equal(await focused(p), "工具下载", "a menu gives the keyboard back");
    await p.keyboard.press("Enter");
    await tabTo(p, "USBKEY 驱动控件");
    await p.keyboard.press("Enter");
    await p.getByRole("heading", { name: "国产信创终端" }).waitFor();
    await tabTo(p, "退出登录");
    await p.keyboard.press("Enter");
    await p.getByRole("link", { name: "登录", exact: true }).waitFor();
  });

  test("R-OPS-3 from login to a signed approval at the console by keyboard alone", async () => {
    const h = await Holder.until(world, "pay", "尤五");
    const { card, pin } = world.person("reviewer");
    const p = await (await person(browser, world, { width: 1440 })).newPage();
    await logInByKeyboard(p, world.console, card, pin);
    await p.getByRole("link", { name: new RegExp(`审核 ${h.number}`) }).waitFor();
    await tabTo(p, `审核 ${h.number}`);
    await p.keyboard.press("Enter");
    await p.getByRole("button", { name: "批准", exact: true }).waitFor();
    await tabTo(p, "批准");
    await p.keyboard.press("Enter");
    await p.getByRole("dialog").getByText("批准办理").waitFor();
    await p.keyboard.press("Escape");
    await p.getByRole("dialog").waitFor({ state: "hidden" });
    assert.match(await focused(p), /批准/, "a dialog gives the keyboard back");
    await p.keyboard.press("Enter");
    await p.waitForFunction(() => document.activeElement?.id === "field-pin");
    await p.keyboard.type(pin);
    await p.keyboard.press("Enter");
    await p.getByText("已批准，转入制证").waitFor();
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
