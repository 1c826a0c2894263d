/* hufu-agent with a token of another maker (a test library), and pages served to a browser: for tests of what a browser lets
 * pages do with it. */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFolder, freePorts, root, waitFor } from "./world.mjs";

export const pin = "827164";
export const script = () => readFileSync(join(root, "ui/agent/hufu-agent.js"));

/* A page that does nothing by itself; tests say what it does. */
export function answerPage(request, response) {
  const js = request.url === "/hufu-agent.js";
  response.setHeader("Content-Type", js ? "text/javascript" : "text/html; charset=utf-8");
  response.end(js ? script() : "<!doctype html><meta charset=utf-8><title>page</title><p>page");
}

export async function servePages(port, address = "127.0.0.1") {
  const server = createServer(answerPage);
  await new Promise((done) => server.listen(port, address, done));
  return server;
}

export class Bench {
  /** origins: those listed; the port may be given. */
  static async open({ origins = [], port, insecureDev = true } = {}) {
    const bench = new Bench();
    bench.build = buildFolder();
    bench.folder = mkdtempSync(join(tmpdir(), "hufu-agent-ui-"));
    bench.port = port || (await freePorts(1))[0];
    bench.token = join(bench.folder, "token");
    mkdirSync(bench.token);
    const parts = join(bench.build, "tests/unit/token/agent");
    bench.made = JSON.parse(execFileSync(join(parts, "agent-issuer"), ["fake", bench.token]));
    bench.issuer = join(parts, "agent-issuer");
    bench.setPin(pin);
    bench.config = join(bench.folder, "hufu.conf");
    writeFileSync(bench.config, `[agent]\nport = ${bench.port}\nfolder = state\norigins = ${origins.join(" ")}\n` +
      `libraries = ${join(parts, "fake-skf-4-packed.so")}\n`);
    bench.insecureDev = insecureDev;
    await bench.start();
    return bench;
  }

  async start() {
    const log = openSync(join(this.folder, "agent.log"), "a");
    const options = ["--config", this.config, ...(this.insecureDev ? ["--insecure-dev"] : [])];
    this.process = spawn(join(this.build, "src/token/agent/hufu-agent"), options,
      { stdio: ["ignore", log, log], env: { ...process.env, HUFU_FAKE_SKF: this.token } });
    closeSync(log);
    await waitFor("the agent", () => this.log().includes(" ready "));
  }

  async stop() {
    if (!this.process) return;
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill();
    await ended;
    this.process = null;
    writeFileSync(join(this.folder, "agent.log"), "");
  }

  async close() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  log() {
    return readFileSync(join(this.folder, "agent.log"), "utf8");
  }

  setPin(text, tries = 6, preset = 0) {
    writeFileSync(join(this.token, "pin"), `${tries} ${preset} ${text}`);
  }

  tries() {
    return Number(readFileSync(join(this.token, "pin"), "utf8").split(" ")[0]);
  }

  setMode(mode) {
    writeFileSync(join(this.token, "mode"), mode);
  }

  verifies(signed, statement) {
    execFileSync(this.issuer, ["verify", signed.certificate, signed.signature], { input: statement });
  }

  statement(origin) {
    return `HUFU-LOGIN-v1\nmeans: usbkey\norigin: ${origin}\nrelying_party: 国资监管平台\nsession: 0123456789abcdefghjkmnpqrs\n` +
      `nonce: 0011\ncertificate: ${this.made.serial}\ntime: 1795565534\n`;
  }
}
