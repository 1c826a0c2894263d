/* Run by agent-network.test.mjs in a network and mount namespace of its own, where the page has a public address: what
 * Chromium's Local Network Access makes of a page that asks the agent. Prints one line of JSON a case. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { chromium, flags } from "./browser.mjs";
import { answerPage, Bench, servePages } from "./agent-bench.mjs";

const address = "203.0.113.10", page_port = 8443, plain_port = 8080; // an address for documentation: public to a browser
const portal = `https://portal.example:${page_port}`, plain = `http://portal.example:${plain_port}`;
const bench = await Bench.open({ origins: [portal], port: 18181 });

const pem = (name) => join(bench.folder, name);
execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", pem("key"),
  "-out", pem("certificate"), "-subj", "/CN=portal.example", "-addext", "subjectAltName=DNS:portal.example", "-days", "30"], { stdio: "ignore" });
const server = createServer({ key: readFileSync(pem("key")), cert: readFileSync(pem("certificate")) }, answerPage);
await new Promise((done) => server.listen(page_port, address, done));
const plainServer = await servePages(plain_port, address);

const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium",
  args: [...flags, "--ignore-certificate-errors", `--host-resolver-rules=MAP portal.example ${address}`] });

async function hello(context, origin, token) {
  const page = await context.newPage();
  await page.goto(origin + "/");
  const told = await page.evaluate(async (token) => {
    const { HufuAgent, loopbackPermission } = await import("/hufu-agent.js");
    if (token) localStorage.setItem("hufu-agent-pairing:18181", token);
    const before = await loopbackPermission();
    try {
      return { before, answer: await new HufuAgent().hello() };
    } catch (e) {
      return { before, kind: e.kind, hint: e.hint, after: await loopbackPermission() };
    }
  }, token);
  await page.close();
  return told;
}

const tell = (name, value) => console.log(JSON.stringify({ name, value }));

let browser = await launch();
tell("undecided", await hello(await browser.newContext(), portal)); // nobody is there to answer: the browser denies
const context = await browser.newContext();
await context.grantPermissions(["local-network-access"], { origin: portal });
tell("granted", await hello(context, portal));
tell("plain", await hello(await browser.newContext(), plain));
await bench.stop();
tell("absent", await hello(context, portal));
tell("stopped", await hello(context, portal, "a".repeat(43)));
await bench.start();
await browser.close();

/* The policy file that the package installs, for this portal. */
mkdirSync("/etc/chromium/policies/managed", { recursive: true });
writeFileSync("/etc/chromium/policies/managed/hufu-agent.json", execFileSync(process.argv[2], [portal]));
browser = await launch();
tell("policy", await hello(await browser.newContext(), portal));
tell("log", bench.log().split("\n").filter((line) => line.includes("refused")).length);
await browser.close();
await bench.close();
process.exit(0);
