/* Makes docs/tour/ anew: a small PNG of every page at desktop and phone width, and the page that shows them; and has
 * Lighthouse look at every one (lighthouse.mjs): what is below the mark is named, and the tour has failed.
 *   npm --prefix ui run tour */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, World } from "./world.mjs";
import { launch } from "./browser.mjs";
import { snapshots } from "./lighthouse.mjs";
import { prepare, visit } from "./pages.mjs";

const folder = join(root, "docs/tour");
const apps = { portal: "数字证书服务平台", console: "运营管理平台", platform: "国资监管平台" };
const widths = { desktop: 640, phone: 180 };

const world = await World.open();
const browser = await launch();
const lighthouse = await snapshots(browser.port);
const below = [];
const shown = new Map(); /* name → { title, kinds } */
try {
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder)) if (old.endsWith(".png")) unlinkSync(join(folder, old));
  await visit(world, browser, await prepare(world), async (page, name, kind) => {
    await page.waitForTimeout(300); /* what moves has come to rest */
    /* A dialog stands in the window, and so does the bar of decisions. */
    const window = (await page.locator("dialog[open], .decide").count()) > 0;
    await page.screenshot({ path: join(folder, `${name}-${kind}.png`), fullPage: !window, animations: "disabled" });
    const title = (await page.title()).replace(/ - [^-]*$/, "");
    if (!shown.has(name)) shown.set(name, { title, kinds: [] });
    shown.get(name).kinds.push(kind);
    await lighthouse.audit(page, name, kind).catch((e) => below.push(e.message));
  });
} finally {
  await lighthouse.close();
  await browser.close();
  await world.close();
}
/* 64 colours are enough for pages, and a third of the bytes. */
execFileSync("/usr/bin/python3", [join(root, "tests/ui/shrink.py"), folder]);

const lines = [
  "# 页面一览",
  "",
  "由 `npm --prefix ui run tour` 在一套真实运行的演示环境中截取：左为桌面，右为手机（宽 360 像素）。",
  "",
];
let app = "";
for (const [name, { title, kinds }] of shown) {
  if (!name.startsWith(app || "-")) {
    app = name.split("-")[0];
    lines.push(`## ${apps[app]}`, "");
  }
  const picture = (kind) => `<img src="${name}-${kind}.png" width="${widths[kind]}" alt="${title}（${kind}）">`;
  lines.push(`### ${title} \`${name}\``, "", kinds.map(picture).join(" "), "");
}
writeFileSync(join(folder, "README.md"), lines.join("\n"));
console.log([`docs/tour: ${shown.size} pages`, ...below].join("\n"));
process.exitCode = below.length ? 1 : 0;
