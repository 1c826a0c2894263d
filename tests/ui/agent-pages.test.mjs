/* What pages can do with the agent in a real browser: the listed one by hufu-agent.js, others nothing (R-KEY-7). */
import { after, before, beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { chromium, flags } from "./browser.mjs";
import { freePorts, root, waitFor } from "./world.mjs";
import { Bench, pin, servePages } from "./agent-bench.mjs";

const agentSource = readFileSync(join(root, "ui/agent/hufu-agent.js"), "utf8");
let bench, browser, server, good, evil, office, foreign;

before(async () => {
  const [port] = await freePorts(1);
  good = `http://good.localhost:${port}`;
  evil = `http://evil.example:${port}`;
  server = await servePages(port);
  office = `http://office.localhost:${(await freePorts(1))[0]}`;
  bench = await Bench.open({ origins: [good, office] });
  foreign = await serveOffice(new URL(office).port);
  browser = await launch();
});

const launch = (...more) => chromium.launch({ executablePath: "/usr/bin/chromium",
  args: [...flags, "--host-resolver-rules=MAP evil.example 127.0.0.1, MAP good.localhost 127.0.0.1", ...more] });

beforeEach(() => {
  bench.setPin(pin);
  bench.setMode("");
});

after(async () => {
  await browser?.close();
  await bench?.close();
  server?.close();
  foreign?.close();
});

/* Somebody else's site, which has nothing of Hufu but hufu-agent.js: its server makes a statement for its own origin, its
 * page includes the script in the lines that the script's own head shows, and its server looks at what was signed. */
function serveOffice(port) {
  const lines = /import \{ HufuAgent \}[^]*?await agent\.sign\(key, statement/.exec(agentSource)[0].replace(/^ \*   /gm, "");
  const page = `<!doctype html><html lang="zh-CN"><title>办公系统</title><meta charset="utf-8">
    <form><label>口令 <input type="password"></label><button>登录</button></form><p role="status"></p>
    <script type="module" src="/login.js"></script></html>`;
  const script = lines
    .replace("import { HufuAgent }", "import { HufuAgent, AgentError }")
    .replace("new HufuAgent()", `new HufuAgent({ port: ${bench.port} })`)
    .replace("const key =", `const say = (words) => (document.querySelector("p").textContent = words)
      document.querySelector("form").onsubmit = async (e) => {
        e.preventDefault()
        try {
          const statement = await (await fetch("/statement")).text()
          const key =`) + `, { pin: document.querySelector("input").value })
          const answer = await fetch("/login", { method: "POST", body: JSON.stringify({ certificate, signature }) })
          say(await answer.text())
        } catch (e) {
          say(e instanceof AgentError ? e.kind + "：" + e.message : String(e))
        }
      }`;
  let statement = "";
  const answers = {
    "/": () => ["text/html", page],
    "/login.js": () => ["text/javascript", script],
    "/hufu-agent.js": () => ["text/javascript", agentSource],
    "/statement": () => ["text/plain", (statement = bench.statement(office).replace("nonce: 0011", `nonce: ${randomUUID()}`))],
    "/login": (body) => {
      bench.verifies(JSON.parse(body), statement);
      statement = ""; // once
      return ["text/plain", "已登录"];
    },
  };
  const site = createServer(async (request, response) => {
    const body = [];
    for await (const part of request) body.push(part);
    try {
      const [type, text] = answers[request.url](Buffer.concat(body).toString());
      response.writeHead(200, { "Content-Type": `${type}; charset=utf-8`,
        "Content-Security-Policy": `default-src 'self'; connect-src 'self' http://127.0.0.1:${bench.port}` });
      response.end(text);
    } catch {
      response.writeHead(400).end("拒绝");
    }
  });
  return new Promise((done) => site.listen(port, "127.0.0.1", () => done(site)));
}

test("R-KEY-3 a site of another origin includes hufu-agent.js in the lines that its head shows, and people log in there", async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(office + "/");
  await page.getByLabel("口令").fill("918273");
  await page.getByRole("button", { name: "登录" }).click();
  await page.getByText("wrong-pin：").waitFor();
  await page.getByLabel("口令").fill(pin);
  await page.getByRole("button", { name: "登录" }).click();
  await page.getByText("已登录").waitFor();
  assert.equal((await page.evaluate(async () => (await fetch("/login", { method: "POST", body: "{}" })).status)), 400);
});

async function open(origin) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(origin + "/");
  return page;
}

/* Runs BODY, an async function of (agent, key, given), on the page with its own HufuAgent; errors come as { kind, … }. */
function use(page, body, given = {}) {
  return page.evaluate(async ({ port, source, given }) => {
    const { HufuAgent, AgentError } = await import("/hufu-agent.js");
    const agent = new HufuAgent({ port });
    try {
      const key = given.nokey ? null : (await agent.keys())[0];
      return await (0, eval)(`(${source})`)(agent, key, given);
    } catch (e) {
      if (!(e instanceof AgentError)) throw e;
      return { kind: e.kind, triesLeft: e.triesLeft, message: e.message, hint: e.hint, name: e.errorName, code: e.code };
    }
  }, { port: bench.port, source: body.toString(), given });
}

test("R-LOGIN-2 a listed page pairs, lists keys and has a login signed", async () => {
  const page = await open(good);
  const statement = bench.statement(good);
  const hello = await use(page, (agent) => agent.hello());
  assert.deepEqual({ ...hello, paired: true }, { agent: "1.0", protocol: "1", paired: true, pin: "page" });
  const signed = await use(page, (agent, key, g) => agent.sign(key, g.statement, { pin: g.pin }), { statement, pin });
  assert.equal(signed.serial, bench.made.serial);
  bench.verifies(signed, statement);
  assert.equal((await use(page, (agent) => agent.hello())).paired, true); // remembered by the browser
});

test("R-KEY-1 wrong PINs are told with the tries left, and a page that loops them stops at two", async () => {
  const page = await open(good);
  const given = { statement: bench.statement(good), pin: "111222" };
  const loop = await use(page, async (agent, key, g) => {
    const told = [];
    for (let i = 0; i < 20; i++) await agent.sign(key, g.statement, { pin: g.pin }).catch((e) => told.push([e.kind, e.triesLeft]));
    return told;
  }, given);
  assert.deepEqual(loop.slice(0, 5), [["wrong-pin", 5], ["wrong-pin", 4], ["wrong-pin", 3], ["wrong-pin", 2], ["last-tries", 2]]);
  assert.deepEqual(new Set(loop.slice(4).map(([kind]) => kind)), new Set(["last-tries"]));
  assert.equal(bench.tries(), 2);
});

test("R-KEY-1 each state of a key is an error of its own kind", async () => {
  const page = await open(good);
  const given = { statement: bench.statement(good), pin };
  const sign = (agent, key, g) => agent.sign(key, g.statement, { pin: g.pin });
  bench.setPin("000000", 6, 1);
  assert.equal((await use(page, sign, given)).kind, "must-change");
  const change = (agent, key, g) => agent.changePin(key, { old: "000000", new: g.fresh, birthDate: "1987-03-15" });
  assert.equal((await use(page, change, { fresh: "123456" })).kind, "weak-pin");
  assert.equal((await use(page, change, { fresh: "19870315" })).name, "AGENT_PIN_PERSONAL");
  assert.deepEqual(await use(page, change, { fresh: pin }), {});
  bench.setPin(pin, 0);
  const locked = await use(page, sign, given);
  assert.equal(locked.kind, "locked");
  assert.ok(locked.message.includes("锁定") && locked.hint, JSON.stringify(locked));
  bench.setMode("no-info");
  assert.equal((await use(page, (agent) => agent.sign("0".repeat(26), "x"), { nokey: true })).kind, "no-key");
});

test("R-KEY-3 a listed page may not produce, and gives up by AbortController", async () => {
  const page = await open(good);
  await page.evaluate(() => {});
  assert.equal((await use(page, (agent, key) => agent.inspect(key))).name, "AGENT_PRODUCTION");
  const aborted = await use(page, (agent) => {
    const control = new AbortController();
    setTimeout(() => control.abort(), 0);
    return agent.hello({ signal: control.signal });
  });
  assert.equal(aborted.kind, "aborted");
});

test("an agent that is not running is told apart from one never seen", async () => {
  const page = await open(good);
  await use(page, (agent) => agent.hello());
  await bench.stop();
  try {
    assert.equal((await use(page, (agent) => agent.hello(), { nokey: true })).kind, "not-running");
    const other = await open(good);
    assert.equal((await use(other, (agent) => agent.hello(), { nokey: true })).kind, "not-installed");
  } finally {
    await bench.start();
  }
});

/* ---- strangers ---- */

const refusals = (name) => bench.log().split(name).length - 1;

test("R-KEY-7 a page of another origin reads nothing, however it asks", async () => {
  const page = await open(evil);
  const before = refusals("AGENT_ORIGIN");
  const told = await page.evaluate(async (base) => {
    const ways = {
      json: { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" },
      plain: { method: "POST", headers: { "Content-Type": "text/plain" }, body: "{}" },
      get: {},
      credentials: { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}", credentials: "include" },
      pairing: { method: "POST", headers: { "Content-Type": "application/json", "Hufu-Pairing": "x" }, body: "{}" },
    };
    const told = {};
    for (const [name, way] of Object.entries(ways)) {
      try {
        told[name] = await (await fetch(base + "/v1/hello", way)).text();
      } catch (e) {
        told[name] = e.name;
      }
    }
    const opaque = await fetch(base + "/v1/pair", { method: "POST", mode: "no-cors", body: '{"x":"y"}' }).catch((e) => e.name);
    told.opaque = opaque.type ? [opaque.type, opaque.status, await opaque.text()] : opaque;
    return told;
  }, `http://127.0.0.1:${bench.port}`);
  for (const way of ["json", "plain", "get", "credentials", "pairing"]) assert.equal(told[way], "TypeError", way);
  if (Array.isArray(told.opaque)) assert.deepEqual(told.opaque, ["opaque", 0, ""]);
  await waitFor("the refusals", () => refusals("AGENT_ORIGIN") > before);
  assert.ok(!bench.log().includes("signature"));
});

test("R-KEY-7 a frame without an origin, of the good page itself, is refused", async () => {
  const page = await open(good);
  const told = await page.evaluate((base) => new Promise((done) => {
    addEventListener("message", (e) => done(e.data), { once: true });
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = `<script>fetch("${base}/v1/hello",{method:"POST",headers:{"Content-Type":"application/json"},body:"{}"})` +
      `.then((r)=>parent.postMessage(r.status,"*"),(e)=>parent.postMessage(origin+" "+e.name,"*"))</scr` + "ipt>";
    document.body.append(frame);
  }), `http://127.0.0.1:${bench.port}`);
  assert.equal(told, "null TypeError");
});

test("R-KEY-7 a name that an attacker's DNS points here is refused, though the browser takes it for the same origin", async (t) => {
  /* A browser without its own guard of loopback: that would stop it before the agent does. */
  const older = await launch("--disable-features=LocalNetworkAccessChecks");
  t.after(() => older.close());
  const page = await older.newPage();
  const rebound = `http://evil.example:${bench.port}/`;
  await page.route(rebound, (r) => r.fulfill({ contentType: "text/html", body: "<p>rebound" }));
  await page.goto(rebound);
  const told = await page.evaluate(async () => {
    const how = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
    return Promise.all(["hello", "pair", "keys"].map(async (what) => {
      const answer = await fetch("/v1/" + what, how);
      return [answer.status, (await answer.json()).name];
    }));
  });
  assert.deepEqual(told, Array(3).fill([421, "AGENT_HOST"]));
});

test("R-KEY-7 a form of another page is refused", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const page = await open(evil);
    const answer = page.waitForResponse((r) => r.url().includes("/v1/pair"));
    await page.evaluate(({ action, type }) => {
      const form = Object.assign(document.createElement("form"), { method: "post", action, enctype: type });
      form.append(Object.assign(document.createElement("input"), { name: '{"a":"', value: '"}' }));
      document.body.append(form);
      form.submit();
    }, { action: `http://127.0.0.1:${bench.port}/v1/pair`, type });
    assert.equal((await answer).status(), 403);
  }
});

test("R-KEY-7 a WebSocket is refused", async () => {
  for (const origin of [evil, good]) {
    const page = await open(origin);
    const told = await page.evaluate((url) => new Promise((done) => {
      const socket = new WebSocket(url);
      socket.onopen = () => done("open");
      socket.onerror = () => done("error");
    }), `ws://127.0.0.1:${bench.port}/v1/hello`);
    assert.equal(told, "error");
  }
});

test("R-KEY-7 what a page has signed for another site is refused before the key sees it", async () => {
  const page = await open(good);
  const told = await use(page, (agent, key, g) => agent.sign(key, g.statement, { pin: g.pin }), { statement: bench.statement(evil), pin: "111222" });
  assert.equal(told.name, "AGENT_STATEMENT_ORIGIN");
  assert.equal(bench.tries(), 6);
});
