/* Lighthouse, accessibility and best practices, on a page as it stands (snapshot): as it is looked at at desktop and phone
 * width. The tour looks at every page so; script/test at one of each kind, and loads each app's first pages (figures.mjs). */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./world.mjs";

const require = createRequire(join(root, "ui/package.json"));
const least = 0.95;

/** One of each kind of page: login, home, list of tasks, form, form with errors, upload, payment, state, text; list, one thing
 * beside its files, dialog, wizard, figures; what the platform has. */
export const oneOfEach = [
  "portal-login",
  "portal-home-certificate",
  "portal-tasks",
  "portal-organization-error",
  "portal-materials",
  "portal-payment",
  "portal-status-review",
  "portal-help",
  "console-queue",
  "console-application",
  "console-approve",
  "console-production",
  "console-new-account",
  "console-statistics",
  "platform-home",
  "platform-login",
];

/** RESULT of Lighthouse for WHAT: the lower of its scores; fails below LEAST. */
export function judge(what, result) {
  const { lhr } = result;
  assert.ok(!lhr.runtimeError, `${what}: ${lhr.runtimeError?.message}`);
  const lost = Object.values(lhr.audits)
    .filter((a) => a.score !== null && a.score < 1 && a.scoreDisplayMode !== "informative")
    .map((a) => `${a.id}: ${a.title}`);
  const scores = Object.values(lhr.categories).map((c) => c.score);
  for (const { id, score } of Object.values(lhr.categories))
    assert.ok(score >= least, `${what}: ${id} ${score}: ${lost.join("; ")}`);
  return Math.min(...scores);
}

export const config = (formFactor, more = {}) => ({
  extends: "lighthouse:default",
  settings: {
    onlyCategories: ["accessibility", "best-practices"],
    formFactor,
    screenEmulation: { disabled: true },
    throttlingMethod: "provided",
    disableStorageReset: true,
    maxWaitForLoad: 90_000,
    ...more,
  },
});

export const flags = { logLevel: "silent" };

/** For pages of the browser at PORT: audit(page, name, "desktop" or "phone") gives the lower of its scores. */
export async function snapshots(port) {
  const lighthouse = await import(pathToFileURL(require.resolve("lighthouse")).href);
  const puppeteer = createRequire(require.resolve("lighthouse"))("puppeteer-core");
  const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${port}`, defaultViewport: null });
  async function audit(page, name, kind) {
    const line = await page.context().newCDPSession(page);
    const { targetInfo } = await line.send("Target.getTargetInfo");
    await line.detach();
    const same = browser.targets().find((target) => target._targetId === targetInfo.targetId);
    const formFactor = kind === "phone" ? "mobile" : "desktop";
    return judge(
      `${name} (${kind})`,
      await lighthouse.snapshot(await same.page(), { config: config(formFactor), flags }),
    );
  }
  return { audit, close: () => browser.disconnect() };
}
