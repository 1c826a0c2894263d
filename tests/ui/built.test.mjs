/* What was built (dist of each app), without a browser: nothing inline, nothing from elsewhere, each text file with its gzipped twin,
 * and nothing that Chromium 80 does not parse, does not have, or reads otherwise. old.mjs is the same at run time. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { laterNames } from "./old.mjs";
import { root } from "./world.mjs";

const require = createRequire(join(root, "ui/package.json"));
const apps = ["portal", "console", "platform"];
const dist = (app) => join(root, "ui", app, "dist");
const filesOf = (folder) =>
  readdirSync(folder).flatMap((n) =>
    statSync(join(folder, n)).isDirectory() ? filesOf(join(folder, n)) : [join(folder, n)],
  );
const built = (ending) => apps.flatMap((app) => filesOf(dist(app)).filter((path) => ending.test(path)));
const read = (path) => readFileSync(path, "utf8");

test("each text file has its gzipped twin, and it is the same", () => {
  for (const path of built(/\.(html|js|css|svg)$/))
    assert.deepEqual(readFileSync(path + ".gz"), gzipSync(readFileSync(path), { level: 9 }), path);
});

test("nothing inline, nothing from elsewhere", () => {
  for (const app of apps)
    assert.doesNotMatch(
      read(join(dist(app), "index.html")),
      /<script(?![^>]*\bsrc=)[^>]*>|<style|style=|\son\w+=/i,
      app,
    );
  for (const path of built(/\.(html|css)$/))
    assert.doesNotMatch(read(path), /(?:src|href)="(?:https?:)?\/\/|url\(["']?(?:https?:)?\/\//, path);
});

/* ---- scripts ---- */

/* What is called or named and is newer than 80 (old.mjs), but for words that are names of our own too. */
const ambiguous = [
  "abort",
  "any",
  "at",
  "difference",
  "inert",
  "json",
  "parse",
  "popover",
  "reason",
  "resize",
  "scheduler",
  "timeout",
  "transfer",
  "try",
  "with",
];
/* Named all the same, with why nothing comes of it. */
const harmless = {
  toReversed: "Vue's arrays hand it on; nobody here calls it",
  toSorted: "likewise",
  toSpliced: "likewise",
  startViewTransition: "vue-router asks first whether it is there",
  trustedTypes: "Vue likewise",
  Segmenter: "Element Plus likewise",
};
const names = new Set(laterNames.filter((name) => !ambiguous.includes(name) && !(name in harmless)));

/* Syntax: logical assignment (85), private methods and static blocks (84, 94), private names in (91), expressions' flags. */
function newerSyntax(node) {
  if (["ClassPrivateMethod", "StaticBlock", "TopLevelAwait"].includes(node.type)) return node.type;
  if (node.type === "AssignmentExpression" && ["??=", "||=", "&&="].includes(node.operator)) return node.operator;
  if (node.type === "BinaryExpression" && node.operator === "in" && node.left.type === "PrivateName") return "#x in";
  return node.type === "RegExpLiteral" && /[dv]/.test(node.flags) ? `/${node.pattern}/${node.flags}` : null;
}

function newerName(node, parent) {
  if (/MemberExpression$/.test(node.type) && !node.computed && names.has(node.property.name)) return node.property.name;
  const isName = node.type === "Identifier" && names.has(node.name);
  const own = parent && ((parent.property === node && !parent.computed) || (parent.key === node && !parent.computed));
  return isName && !own ? node.name : null;
}

function walk(node, parent, each) {
  if (Array.isArray(node)) return node.forEach((n) => walk(n, parent, each));
  if (!node || typeof node.type !== "string") return;
  each(node, parent);
  for (const key in node) if (!["loc", "extra", "comments"].includes(key)) walk(node[key], node, each);
}

test("no script has what Chromium 80 does not parse or does not have", () => {
  const { parse } = require("@babel/parser");
  const found = [];
  for (const path of built(/\.js$/)) {
    /* pdf.js brings along some of what it needs, console/frame/old.ts the rest: seen in a browser without (old.mjs). */
    const frame = path.includes("/frame/");
    const tree = parse(read(path), { sourceType: frame ? "script" : "module", errorRecovery: false });
    walk(tree.program, null, (node, parent) => {
      const what = newerSyntax(node) ?? (frame ? null : newerName(node, parent));
      if (what) found.push(`${path}: ${what}`);
    });
  }
  assert.equal(found.join("\n"), "");
});

/* ---- style ---- */

/* A selector that is not known takes its whole rule along. */
const selectors = [
  [/:is\(|:where\(/, "88"],
  [/:has\(/, "105"],
  [/:not\([^()]*,/, "88"],
  [/::file-selector-button|::marker/, "86 and later"],
  [/:modal|:popover-open|:user-invalid/, "105 and later"],
];
/* Where such a rule is meant for newer ones only, and nothing is missing without it. */
const additions = [":focus:not(:focus-visible)", ".el-tabs__item:focus-visible"];
const atRules = /@(layer|container|property|scope|starting-style|supports\s+selector)|@media[^{]*[<>]/;
const properties =
  /(?:^|[;{])\s*(inset(?:-[a-z]+)*|aspect-ratio|row-gap|column-gap|gap|(?:margin|padding)-(?:inline|block)|border-(?:start|end)-[a-z]+-radius|translate|rotate|scale|content-visibility)\s*:/;
const values = /color-mix\(|oklch\(|oklab\(|\d(?:dvh|svh|lvh|dvw|cqw)\b|overflow(?:-[xy])?:\s*clip|rgb\([^)]*\//;
/* Newer too, and nothing is missed without: accent-color, text-underline-offset, text-decoration-thickness, text-wrap,
 * color-scheme; appearance has its prefixed twin. */

/* Rules of a style sheet without the at-rules around them: [selector, declarations]. */
const rulesOf = (text) =>
  [...text.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector, body]) => [selector.trim(), body]);

test("no style sheet has what Chromium 80 would drop and be missed", () => {
  const found = [];
  for (const path of built(/\.css$/)) {
    const text = read(path);
    const at = atRules.exec(text);
    if (at) found.push(`${path}: ${at[0]}`);
    for (const [selector, body] of rulesOf(text)) {
      const newer = selectors.find(([pattern]) => pattern.test(selector));
      const focus = /:focus-visible/.test(selector) && !additions.some((a) => selector.endsWith(a));
      if (newer || focus) found.push(`${path}: ${selector} (${newer ? newer[1] : "86"})`);
      const grid = /display:\s*(?:inline-)?grid/.test(body);
      const property = properties.exec(body);
      if (property && !(grid && /gap/.test(property[1]))) found.push(`${path}: ${selector} { ${property[1]} }`);
      const value = values.exec(body);
      if (value) found.push(`${path}: ${selector} { … ${value[0]} … }`);
    }
  }
  assert.equal(found.join("\n"), "");
});

/* ---- one thing that both sides must reckon alike ---- */

test("R-FORM-4 the pages' SM3 is the one of the standard, wherever a piece ends", async () => {
  const { code } = require("esbuild").transformSync(read(join(root, "ui/shared/src/base/sm3.ts")), { loader: "ts" });
  const { Sm3 } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  assert.equal(
    new Sm3().update(Buffer.from("abc")).hex(),
    "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
  );
  for (let length = 0; length < 200; length++) {
    const data = Buffer.alloc(length, length);
    const hash = new Sm3().update(data.subarray(0, length >> 1)).update(data.subarray(length >> 1));
    assert.equal(hash.hex(), createHash("sm3").update(data).digest("hex"), `${length} bytes`);
  }
});
