/* Makes docs/tour/ anew: a small PNG of every page at desktop and phone width, and the page that shows them.
 *   npm --prefix ui run tour */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, World } from "./world.mjs";
import { launch } from "./browser.mjs";
import { prepare, visit } from "./pages.mjs";

const folder = join(root, "docs/tour");
const sizes = [
  ["desktop", { width: 1280, height: 860 }],
  ["phone", { width: 360, height: 740 }],
];

const world = await World.open();
const browser = await launch();
try {
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder)) if (old.endsWith(".png")) unlinkSync(join(folder, old));
  const people = await prepare(world);
  const names = [];
  for (const [kind, size] of sizes)
    await visit(world, browser, people, size, async (page, name) => {
      await page.waitForTimeout(500);
      await page.screenshot({
        path: join(folder, `${name}-${kind}.png`),
        fullPage:
          !/dialog|approve|reject|return|suspend|change-pin|no-agent|application$/.test(name) || kind === "phone",
        animations: "disabled",
      });
      if (!names.includes(name)) names.push(name);
    });
  /* 64 colours are enough for pages, and a third of the bytes. */
  execFileSync("/usr/bin/python3", [join(root, "tests/ui/shrink.py"), folder]);
  const title = {
    portal: "数字证书服务平台",
    console: "运营管理平台",
    platform: "国资监管平台",
  };
  const lines = [
    "# 页面一览",
    "",
    "由 `npm --prefix ui run tour` 在一套真实运行的演示环境中截取：左为桌面（1280 px），右为手机（360 px）。",
    "",
  ];
  let last = "";
  for (const name of names) {
    const app = name.split("-")[0];
    if (app !== last) lines.push(`## ${title[app]}`, "");
    last = app;
    const phone = `<img src="${name}-phone.png" width="180" alt="${name} phone">`;
    const desktop =
      names.includes(name) && readdirSync(folder).includes(`${name}-desktop.png`)
        ? `<img src="${name}-desktop.png" width="640" alt="${name} desktop">`
        : "";
    lines.push(`### ${name}`, "", `${desktop} ${phone}`.trim(), "");
  }
  writeFileSync(join(folder, "README.md"), lines.join("\n"));
  console.log(`${readdirSync(folder).length - 1} pictures in docs/tour`);
} finally {
  await browser.close();
  await world.close();
}
