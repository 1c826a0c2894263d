/* What a year brings. It moves the clock of the whole installation: the last of its tests. */
import { before, describe, test } from "node:test";
import { chooseKey, visitor } from "./browser.mjs";
import { newPin } from "./people.mjs";
import { people, shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();

describe("a year later", () => {
  tidy();

  before(async () => {
    await people();
    await world.stop();
    for (const section of ["web", "signer"]) world.set(section, "clock_offset_s", 400 * 86_400);
    await world.start();
  });

  test("R-LOGIN-4 an expired certificate: told to renew", async () => {
    const { has } = await people();
    const p = await visitor(browser, world);
    await p.goto(world.platform + "/login");
    await p.getByRole("button", { name: "登录", exact: true }).click();
    await chooseKey(p, has.card.serial);
    await p.getByLabel("USBKey 口令", { exact: true }).fill(newPin);
    await p.getByRole("button", { name: "确认" }).click();
    await p.getByText("证书已过期，不能登录").waitFor();
    await p.getByText("证书延期").first().waitFor();
  });
});
