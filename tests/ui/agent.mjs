/* What can go wrong between a page and a USBKey, in a holder's words: the agent absent or refused, no key, a wrong PIN, a locked
 * key, and every reason for which a login fails (R-LOGIN-4). */
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { Holder, newPin } from "./people.mjs";
import { chooseKey, logInByKey, person, visitor } from "./browser.mjs";
import { shared, tidy } from "./shared.mjs";

const { world, browser } = await shared();
let holder;

async function atLogin(options) {
  const p = await visitor(browser, world, options);
  await p.goto(world.platform + "/login");
  return p;
}

const begin = (p) => p.getByRole("button", { name: "登录", exact: true }).click();

async function enterPin(p, pin, serial = holder.card.serial) {
  await chooseKey(p, serial);
  await p.getByLabel("USBKey 口令", { exact: true }).fill(pin);
  await p.getByRole("button", { name: "确认" }).click();
}

describe("between a page and a USBKey", () => {
  tidy();

  before(async () => {
    holder = await Holder.until(world, "receive");
    await holder.changePin();
  });

  test("R-LOGIN-1 two tabs: USBKey, and the shield with what is coming", async () => {
    const p = await atLogin();
    assert.deepEqual(await p.getByRole("tab").allInnerTexts(), ["USBKey", "国资CA手机盾"]);
    await p.getByRole("tab", { name: "国资CA手机盾" }).click();
    await p.getByText("现在请使用 USBKey 登录").waitFor();
  });

  test("R-LOGIN-6, R-KEY-5 the home page has 工具下载 → USBKEY 驱动控件 at its top right", async () => {
    const p = await visitor(browser, world);
    await p.goto(world.platform + "/");
    const button = p.getByRole("button", { name: "工具下载" });
    const box = await button.boundingBox();
    assert.ok(box.x > 640 && box.y < 100, JSON.stringify(box));
    await button.click();
    await p.getByRole("link", { name: "USBKEY 驱动控件" }).click();
    await p.getByRole("heading", { name: "国产信创终端" }).waitFor();
    await p.getByText("sudo dpkg -i").waitFor();
  });

  test("R-KEY-4, R-KEY-5 what fits the visitor's system comes first, each with its checksum", async () => {
    const sha256 = "0123456789abcdef".repeat(4);
    const offered = ["amd64.deb", "arm64.deb", "windows.exe"].flatMap((end) =>
      ["agent", "skf"].map((name) => ({
        name: `hufu-${name}_1.0_${end}`,
        package: name,
        system: end.split(".")[0],
        size: 345_678,
        sha256,
      })),
    );
    const linux = (cpu) => `Mozilla/5.0 (X11; Linux ${cpu}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.0`;
    const windows = linux("x86_64").replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64");
    for (const [userAgent, first, package_] of [
      [linux("aarch64"), "国产信创终端", "hufu-agent_1.0_arm64.deb"],
      [linux("x86_64"), "国产信创终端", "hufu-agent_1.0_amd64.deb"],
      [windows, "Windows", "hufu-agent_1.0_windows.exe"],
    ]) {
      const p = await visitor(browser, world, { userAgent });
      await p.route("**/downloads/index.json", (r) => r.fulfill({ json: offered }));
      await p.goto(world.platform + "/tools");
      await p.getByText(sha256).first().waitFor();
      assert.match(await p.getByRole("heading", { level: 2 }).first().innerText(), new RegExp(first));
      const links = p.getByRole("main").getByRole("link");
      assert.equal(await links.count(), offered.length);
      assert.equal(await links.first().getAttribute("href"), `/downloads/${package_}`);
      assert.equal(await p.getByText(sha256).count(), offered.length);
    }
  });

  test("no agent: the page says how to install it, and goes on when it is there", async () => {
    const p = await atLogin();
    const agent = `${world.state().agent}/**`;
    await p.route(agent, (r) => r.abort("connectionrefused"));
    await begin(p);
    await p.getByText("没有找到 USBKey 控件").waitFor();
    await p.getByText("工具下载").first().waitFor();
    await p.unroute(agent);
    await p.getByRole("button", { name: "重试" }).click();
    await p.getByText(holder.card.serial).waitFor();
  });

  test("an agent that was there before and is not running is told apart from none", async () => {
    const p = await atLogin();
    await begin(p);
    await p.getByText(holder.card.serial).waitFor();
    await p.route(`${world.state().agent}/**`, (r) => r.abort("connectionrefused"));
    await p.getByText("USBKey 控件没有运行").waitFor();
  });

  test("no key plugged in: asked for, and found by itself when it comes", async () => {
    const p = await visitor(browser, world);
    let mine = null;
    await p.route(`${world.state().agent}/v1/keys`, async (r) => {
      const answer = await r.fetch();
      const { keys } = await answer.json();
      await r.fulfill({ response: answer, json: { keys: keys.filter((k) => k.serial === mine) } });
    });
    await p.goto(world.platform + "/login");
    await begin(p);
    await p.getByText("没有找到 USBKey").first().waitFor();
    const card = await world.card();
    mine = card.serial;
    await p.getByText("插入的 USBKey 里没有可以使用的证书").waitFor();
    await p.unrouteAll({ behavior: "ignoreErrors" });
    await card.pull();
  });

  test("R-KEY-7 a page of another origin cannot use the agent", async () => {
    const context = await browser.newContext();
    const p = await context.newPage();
    const stranger = new URL(world.portal);
    stranger.hostname = "elsewhere.localhost";
    await p.route(`${stranger.origin}/**`, (r) => r.fulfill({ contentType: "text/html", body: "<h1>elsewhere</h1>" }));
    await p.goto(stranger.origin);
    const said = await p.evaluate(async (agent) => {
      try {
        const answer = await fetch(`${agent}/v1/hello`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: "{}",
        });
        return answer.status;
      } catch (e) {
        return String(e);
      }
    }, world.state().agent);
    await context.close();
    assert.match(String(said), /Failed to fetch/);
  });

  test("R-LOGIN-2 a wrong PIN is told with the tries left, nothing else is lost, and the right one logs in", async () => {
    const p = await atLogin();
    await begin(p);
    await enterPin(p, "000001");
    await p.getByText("还可以再试 5 次").waitFor();
    assert.equal(
      await p.getByLabel("USBKey 口令", { exact: true }).inputValue(),
      "",
      "a PIN does not stay on the page",
    );
    await enterPin(p, newPin);
    await p.getByText("您已登录").waitFor();
  });

  test("R-LOGIN-4 an operator's USBKey does not open the platform, a holder's not the console", async () => {
    const reviewer = world.person("reviewer");
    const p = await atLogin();
    await begin(p);
    await enterPin(p, reviewer.pin, reviewer.card);
    await p.getByRole("alert").getByText("这张证书不能用于在这里登录").waitFor();
    const q = await visitor(browser, world);
    await q.goto(world.console + "/login");
    await begin(q);
    await enterPin(q, newPin);
    await q.getByRole("alert").getByText("这张证书不能用于在这里登录").waitFor();
  });

  test("a login that the server refused as too late: said, and a fresh try works in the same dialog", async () => {
    const p = await atLogin();
    let late = true;
    await p.route("**/api/v1/key-logins/*", async (r) => {
      if (!late) return r.continue();
      late = false;
      return r.fulfill({
        status: 401,
        contentType: "application/json",
        body: JSON.stringify({
          code: 2701,
          name: "LOGIN_OVER",
          message: "登录超时：从点击“登录”到输入口令超过了 2 分钟",
          hint: "请重新点击“登录”，并在 2 分钟内输入 USBKey 口令",
          request_id: "0".repeat(26),
        }),
      });
    });
    await begin(p);
    await enterPin(p, newPin);
    await p.getByText("登录超时").waitFor();
    await enterPin(p, newPin);
    await p.getByText("您已登录").waitFor();
  });

  test("R-ACCT-3, R-LOGIN-4 a suspended account is refused at once, and logged out where it was in", async () => {
    const inside = await visitor(browser, world);
    await logInByKey(inside, world.platform, holder.card.serial, newPin);
    const state = (to) =>
      world.administrator.api("PUT", `console/accounts/${holder.account}/state`, {
        state: to,
        reason: "测试",
      });
    await state("suspended");
    const p = await atLogin();
    await begin(p);
    await enterPin(p, newPin);
    await p.getByText("您的账户已暂停，不能登录").waitFor();
    await inside.reload();
    await inside.getByRole("link", { name: "登录", exact: true }).waitFor();
    await state("open");
    await enterPin(p, newPin);
    await p.getByText("您已登录").waitFor();
  });

  test("R-UNLOCK-1, R-LOGIN-4 six wrong PINs lock the key: warned at two left, then told what to do", async () => {
    const other = await Holder.until(world, "produce");
    await other.changePin();
    const p = await atLogin();
    await begin(p);
    for (const left of [5, 4, 3, 2]) {
      await enterPin(p, "100000", other.card.serial);
      await p.getByText(`还可以再试 ${left} 次`).or(p.getByText("只剩 2 次机会")).first().waitFor();
    }
    await enterPin(p, "100000", other.card.serial);
    await p.getByText("只剩 2 次机会").waitFor();
    for (let i = 0; i < 2; i++) {
      if (await p.getByLabel("我知道风险，仍要再试").count()) await p.getByLabel("我知道风险，仍要再试").check();
      await enterPin(p, "100000", other.card.serial);
      await p
        .getByText(/还可以再试 1 次|只剩 1 次|USBKey 已锁死/)
        .first()
        .waitFor();
    }
    await p.getByText("USBKey 已锁死").first().waitFor();
    await p.getByText("USBKey解锁").first().waitFor();
  });

  test("R-LOGIN-4 a revoked certificate: told to apply anew", async () => {
    await holder.revoke();
    const p = await atLogin();
    await begin(p);
    await enterPin(p, newPin);
    await p.getByText("证书已吊销，不能登录").waitFor();
    await p.getByText("数字证书服务平台").first().waitFor();
  });
});
