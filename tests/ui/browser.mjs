/* Debian's Chromium, driven as people use it: by labels and by what buttons say. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { takeAway } from "./old.mjs";
import { freePorts, root } from "./world.mjs";

const require = createRequire(join(root, "ui/package.json"));
export const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/* BROWSER.PORT is where others may speak to it too (lighthouse.mjs). */
export async function launch() {
  const [port] = await freePorts(1);
  const args = [...flags, `--remote-debugging-port=${port}`];
  return Object.assign(await chromium.launch({ executablePath: "/usr/bin/chromium", args }), { port });
}

/* Everyone who came in this process; each has in FAULTS what pages did that they never may: break their content policy,
 * throw, ask anyone but the own hosts, the agent and the payment platform. */
export const opened = [];

export const faults = () => opened.flatMap((context) => context.faults);

export const closeSince = (count) => Promise.all(opened.slice(count).map((context) => context.close()));

export async function person(browser, world, { width = 1280, height = 900, ...more } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    ...more,
  });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(...takeAway);
  const state = world.state();
  const own = ["portal", "console", "platform", "agent", "paysim"].map((name) => new URL(state[name]).host);
  context.faults = [];
  context.on("page", (page) => {
    const fault = (what) => context.faults.push(`${page.url()}: ${what}`);
    page.on("pageerror", (e) => fault(e.message));
    page.on("console", (m) => {
      if (/Content Security Policy|Refused to|\[Vue warn\]|TypeError/.test(m.text())) fault(m.text());
    });
    page.on("request", (r) => {
      const url = new URL(r.url());
      if (["http:", "https:", "ws:", "wss:"].includes(url.protocol) && !own.includes(url.host))
        fault(`asks ${r.url()}`);
    });
  });
  opened.push(context);
  return context;
}

export const visitor = async (...who) => (await person(...who)).newPage();

/* axe-core at WCAG 2.2 AA; the page as a whole. */
export async function accessible(page, what) {
  /* Playwright's evaluate is not bound by the page's policy. */
  await page.evaluate(axeSource);
  const found = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    }),
  );
  const words = found.violations.map(
    (v) =>
      `${v.id}: ${v.help}\n  ${v.nodes
        .slice(0, 4)
        .map((n) => n.html.slice(0, 200) + "\n    " + n.failureSummary.replace(/\n/g, " "))
        .join("\n  ")}`,
  );
  if (words.length) throw new Error(`${what}: ${words.join("\n")}`);
}

export async function fits(page, what) {
  const [has, may] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(has <= may, `${what} is ${has} px wide in a window of ${may}`);
}

/* ---- people at pages ---- */

/* Someone who logged in by the API (people.mjs) goes on in a browser. */
export async function enter(context, page) {
  await context.addCookies(
    [...page.cookies].map(([name, value]) => ({
      name,
      value,
      url: page.origin,
    })),
  );
  await context.addInitScript(() => {
    if (location.protocol !== "about:") localStorage.setItem("hufu.logged-in", "1");
  });
}

export async function logInBySms(page, world, holder, { open = true } = {}) {
  if (open) await page.goto(world.portal + "/login");
  const since = world.messages("sms").length;
  await page.getByLabel("手机号").fill(holder.mobile);
  await page.getByRole("button", { name: "获取验证码" }).click();
  await page.getByLabel("短信验证码").fill(await world.code(holder.mobile, since));
  await page.getByRole("button", { name: "登录", exact: true }).click();
  await page
    .getByRole("button", { name: "退出登录" })
    .or(page.getByRole("button", { name: "菜单" }))
    .first()
    .waitFor();
}

/* Several keys may be plugged in at once: each is chosen by its serial number. */
export async function chooseKey(page, serial) {
  const choice = page.getByRole("radio", { name: new RegExp(serial) });
  await page.getByText(serial).first().waitFor();
  if (await choice.count()) await choice.check();
}

export async function logInByKey(page, origin, serial, pin, { open = true } = {}) {
  if (open) await page.goto(origin + "/login");
  await page.getByRole("button", { name: "登录", exact: true }).click();
  await chooseKey(page, serial);
  await page.getByLabel("USBKey 口令", { exact: true }).fill(pin);
  await page.getByRole("button", { name: "确认" }).click();
  await page
    .getByRole("button", { name: "退出登录" })
    .or(page.getByRole("button", { name: "菜单" }))
    .first()
    .waitFor();
}

export const logInOperator = (page, world, role, how) => {
  const p = world.person(role);
  return logInByKey(page, world.console, p.card, p.pin, how);
};

export async function sign(page, world, role, action) {
  const p = world.person(role);
  await page.getByLabel("USBKey 口令", { exact: true }).fill(p.pin);
  await page.getByRole("button", { name: action }).click();
}
