/* One installation, one browser and one set of people for all the tests of pages that run in a process. */
import { after, afterEach, beforeEach } from "node:test";
import { closeSince, launch, opened } from "./browser.mjs";
import { prepare } from "./pages.mjs";
import { World } from "./world.mjs";

let here = null;
let known = null;

/** What is closed at the end of the process. */
export function shared() {
  return (here ??= Promise.all([World.open(), launch()]).then(([world, browser]) => ({ world, browser })));
}

/** People in each state (pages.mjs). */
export function people() {
  return (known ??= shared().then(({ world }) => prepare(world)));
}

after(async () => {
  const { world, browser } = (await here) ?? {};
  await browser?.close();
  await world?.close();
});

/** Within a suite: what a test opens in the browser is closed at its end. */
export function tidy() {
  let before = 0;
  beforeEach(() => void (before = opened.length));
  afterEach(() => closeSince(before));
}
