/* Figures: Lighthouse as each app's first pages load (the others: lighthouse.mjs), and the size of the first load. */
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { freePorts, root } from "./world.mjs";
import { chromium, flags, logInOperator } from "./browser.mjs";
import { config, flags as quiet, judge } from "./lighthouse.mjs";
import { people, shared } from "./shared.mjs";

const require = createRequire(join(root, "ui/package.json"));
const { world } = await shared();
let context, port, profile, lighthouse;

/* As it loads. */
async function measured(url, formFactor) {
  const result = await lighthouse(url, { port, ...quiet }, config(formFactor));
  console.log(`# ${url} (${formFactor}) ${judge(url, result)}`);
}

describe("figures", () => {
  before(async () => {
    lighthouse = (await import(pathToFileURL(require.resolve("lighthouse")).href)).default;
    [port] = await freePorts(1);
    profile = mkdtempSync(join(tmpdir(), "hufu-chromium-"));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: "/usr/bin/chromium",
      args: [...flags, `--remote-debugging-port=${port}`],
      locale: "zh-CN",
    });
    context.setDefaultTimeout(60_000);
  });

  after(async () => {
    await context?.close();
    if (profile) rmSync(profile, { recursive: true, force: true });
  });

  test("portal: login, and what a holder has", async () => {
    await measured(world.portal + "/login", "mobile");
    const page = await context.newPage();
    const { has } = await people();
    await context.addCookies([...has.page.cookies].map(([name, value]) => ({ name, value, url: world.portal })));
    await page.goto(world.portal + "/login");
    await page.evaluate(() => localStorage.setItem("hufu.logged-in", "1"));
    await page.goto(world.portal + "/");
    await page.getByText("您好").waitFor();
    await page.close();
    await measured(world.portal + "/", "mobile");
  });

  test("console: the queue", async () => {
    const page = await context.newPage();
    await logInOperator(page, world, "reviewer");
    await page.close();
    await measured(world.console + "/queue/review", "desktop");
  });

  test("platform: login", () => measured(world.platform + "/login", "desktop"));

  test("the portal's first load is at most 250 kB gzipped, login or home", async () => {
    for (const path of ["/login?again=1", "/"]) {
      const page = await context.newPage();
      const session = await context.newCDPSession(page);
      await session.send("Network.enable");
      await session.send("Network.setCacheDisabled", { cacheDisabled: true });
      let bytes = 0;
      session.on("Network.loadingFinished", (e) => (bytes += e.encodedDataLength));
      await page.goto(world.portal + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForTimeout(500);
      console.log(`# ${path}: ${bytes} bytes over the wire`);
      assert.ok(bytes > 10_000 && bytes <= 250_000, `${path}: ${bytes} bytes`);
      await page.close();
    }
  });
});
