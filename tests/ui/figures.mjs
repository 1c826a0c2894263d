/* Figures: Lighthouse on each app's main pages, the size of the first load, the browsers that the scripts are built for. */
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { freePorts, root } from "./world.mjs";
import { chromium, flags, logInOperator } from "./browser.mjs";
import { people, shared } from "./shared.mjs";

const require = createRequire(join(root, "ui/package.json"));
const { world } = await shared();
let context, port, profile, lighthouse;

async function measured(url) {
  const { lhr } = await lighthouse(
    url,
    {
      port,
      onlyCategories: ["accessibility", "best-practices"],
      disableStorageReset: true,
      logLevel: "silent",
    },
    {
      extends: "lighthouse:default",
      settings: {
        formFactor: "desktop",
        screenEmulation: { disabled: true },
        throttlingMethod: "provided",
        maxWaitForLoad: 90_000,
      },
    },
  );
  assert.ok(!lhr.runtimeError, lhr.runtimeError?.message);
  const lost = Object.values(lhr.audits)
    .filter((a) => a.score !== null && a.score < 1 && a.scoreDisplayMode !== "informative")
    .map((a) => `${a.id}: ${a.title}`);
  for (const name of ["accessibility", "best-practices"]) {
    const { score } = lhr.categories[name];
    console.log(`# ${url} ${name} ${score}`);
    assert.ok(score >= 0.95, `${url}: ${name} ${score}: ${lost.join("; ")}`);
  }
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
    await measured(world.portal + "/login");
    const page = await context.newPage();
    const { has } = await people();
    await context.addCookies([...has.page.cookies].map(([name, value]) => ({ name, value, url: world.portal })));
    await page.goto(world.portal + "/login");
    await page.evaluate(() => localStorage.setItem("hufu.logged-in", "1"));
    await page.goto(world.portal + "/");
    await page.getByText("您好").waitFor();
    await page.close();
    await measured(world.portal + "/");
  });

  test("console: the queue", async () => {
    const page = await context.newPage();
    await logInOperator(page, world, "reviewer");
    await page.close();
    await measured(world.console + "/queue/review");
  });

  test("platform: login", () => measured(world.platform + "/login"));

  const filesOf = (folder) =>
    readdirSync(folder).flatMap((n) =>
      statSync(join(folder, n)).isDirectory() ? filesOf(join(folder, n)) : [join(folder, n)],
    );
  const dist = (app) => join(root, "ui", app, "dist");

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

  test("each text file has its gzipped twin, and it is the same", () => {
    for (const app of ["portal", "console", "platform"])
      for (const path of filesOf(dist(app)).filter((p) => /\.(html|js|css|svg)$/.test(p)))
        assert.deepEqual(readFileSync(path + ".gz"), gzipSync(readFileSync(path), { level: 9 }), path);
  });

  test("nothing inline, nothing from elsewhere, nothing that Chromium 80 does not parse", async () => {
    const { parse } = require("@babel/parser");
    for (const app of ["portal", "console", "platform"]) {
      const page = readFileSync(join(dist(app), "index.html"), "utf8");
      assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)[^>]*>|<style|style=|\son\w+=/i, app);
      for (const path of filesOf(dist(app)).filter((p) => /\.(html|css)$/.test(p)))
        assert.doesNotMatch(
          readFileSync(path, "utf8"),
          /(?:src|href)="(?:https?:)?\/\/|url\(["']?(?:https?:)?\/\//,
          path,
        );
      for (const path of filesOf(dist(app)).filter((p) => p.endsWith(".js"))) {
        const source = readFileSync(path, "utf8");
        const tree = parse(source, {
          sourceType: path.includes("/frame/") ? "script" : "module",
          errorRecovery: false,
        });
        /* Newer than 80: logical assignment (85), private methods and static blocks (84, 94), class fields are in since 72. */
        const text = JSON.stringify(tree.program, (k, v) =>
          k === "loc" || k === "comments" || k === "extra" ? undefined : v,
        );
        for (const later of [
          "ClassPrivateMethod",
          "StaticBlock",
          '"operator":"??="',
          '"operator":"||="',
          '"operator":"&&="',
          "TopLevelAwait",
        ])
          assert.ok(!text.includes(later), `${path}: ${later}`);
      }
    }
  });
});
