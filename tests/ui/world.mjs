/* A whole installation in a folder of its own on free ports, with the pages that were built (script/build-ui), and what a test
 * does to it. What runs is real: every process, the agent, virtual USBKeys. */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  readdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const patience_ms = 60_000;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function waitFor(what, condition, ms = patience_ms) {
  const until = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > until) throw new Error(`${what} did not come within ${ms} ms`);
    await pause(30);
  }
}

export function buildFolder() {
  if (process.env.HUFU_BUILD) return process.env.HUFU_BUILD;
  const found = readdirSync(root)
    .filter((n) => n.startsWith("build"))
    .map((n) => join(root, n))
    .filter((p) => existsSync(join(p, "src/cli/hufu")));
  if (!found.length) throw new Error("hufu is not built: script/build build");
  const age = (p) => statSync(join(p, "src/cli/hufu")).mtimeMs;
  return found.sort((a, b) => age(b) - age(a))[0];
}

export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((done) => {
          const s = createServer().listen(0, "127.0.0.1", () => done(s));
        }),
    ),
  );
  const ports = servers.map((s) => s.address().port);
  await Promise.all(servers.map((s) => new Promise((done) => s.close(done))));
  return ports;
}

export class World {
  /** more: settings as [section, name, value] */
  static async open(more = []) {
    const world = new World();
    await world.init();
    for (const [section, name, value] of more) world.set(section, name, value);
    await world.start();
    return world;
  }

  constructor() {
    for (const app of ["portal", "console", "platform"])
      if (!existsSync(join(root, "ui", app, "dist/index.html")))
        throw new Error("the pages are not built: script/build-ui");
    this.build = buildFolder();
    this.hufu = join(this.build, "src/cli/hufu");
    this.folder = mkdtempSync(join(tmpdir(), "hufu-ui-"));
    this.cards = [];
  }

  path(...parts) {
    return join(this.folder, ...parts);
  }

  async init() {
    let done;
    for (let i = 0; i < 5; i++) {
      const [web, paysim, agent, status] = await freePorts(4);
      const ports = { port: web, "paysim-port": paysim, "agent-port": agent, "status-port": status };
      const options = Object.entries(ports).flatMap(([name, port]) => [`--${name}`, String(port)]);
      done = spawnSync(this.hufu, ["init", "--demo", "--folder", this.folder, ...options], { encoding: "utf8" });
      if (done.status === 0) return;
    }
    throw new Error(`hufu init ended with ${done.status}: ${done.stdout}${done.stderr}`);
  }

  /** Writes one option of hufu.conf. */
  set(section, name, value) {
    const path = this.path("hufu.conf");
    const parts = readFileSync(path, "utf8").split(/^(?=\[)/m);
    const at = parts.findIndex((p) => p.startsWith(`[${section}]`));
    const line = `${name} = ${value}\n`;
    if (at < 0) parts.push(`[${section}]\n${line}`);
    else parts[at] = parts[at].replace(new RegExp(`^${name} *=.*\n`, "m"), "").replace(/\n*$/, "\n") + line + "\n";
    writeFileSync(path, parts.join(""));
  }

  async start() {
    const log = openSync(this.path("serve.log"), "a");
    this.serve = spawn(this.hufu, ["serve", "--folder", this.folder], {
      stdio: ["ignore", log, log],
      detached: true,
    });
    await waitFor("ready", () => {
      if (this.serve.exitCode !== null) throw new Error(`hufu serve ended with ${this.serve.exitCode}: ${this.log()}`);
      return this.state();
    });
  }

  async stop() {
    if (!this.serve || this.serve.exitCode !== null) return;
    const over = new Promise((done) => this.serve.once("exit", done));
    this.serve.kill("SIGINT");
    const timer = setTimeout(() => this.serve.kill("SIGKILL"), 20_000);
    await over;
    clearTimeout(timer);
  }

  async close() {
    for (const card of [...this.cards]) await card.pull();
    await this.stop();
    if (process.env.HUFU_KEEP) console.log("kept:", this.folder);
    else rmSync(this.folder, { recursive: true, force: true });
  }

  /** kill -9 of one process; hufu serve starts it anew. */
  async kill(name) {
    const before = this.state().processes[name];
    process.kill(before, "SIGKILL");
    await waitFor(`${name} anew`, () => (this.state()?.processes?.[name] ?? before) !== before);
  }

  state() {
    try {
      return JSON.parse(readFileSync(this.path("run/state.json"), "utf8"));
    } catch {
      return null;
    }
  }

  log() {
    return existsSync(this.path("serve.log")) ? readFileSync(this.path("serve.log"), "utf8") : "";
  }

  get portal() {
    return this.state().portal;
  }
  get console() {
    return this.state().console;
  }
  get platform() {
    return this.state().platform;
  }

  people() {
    return JSON.parse(readFileSync(this.path("usbkeys/people.json"), "utf8"));
  }

  person(role) {
    return this.people().find((p) => p.roles.split(",").includes(role));
  }

  messages(channel) {
    try {
      return readFileSync(this.path("sink", `${channel}.jsonl`), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((l) => JSON.parse(l));
    } catch {
      return [];
    }
  }

  /** The login code that came to MOBILE after the first SINCE messages. */
  code(mobile, since) {
    return waitFor("the login code", () =>
      this.messages("sms")
        .slice(since)
        .filter((m) => m.to === mobile)
        .map((m) => /验证码\D{0,3}(\d{6})(?!\d)/.exec(m.text)?.[1])
        .filter(Boolean)
        .pop(),
    );
  }

  /** A blank USBKey, plugged in. */
  async card(serial = `HFTEST${String(Math.floor(Math.random() * 1e12)).padStart(12, "0")}`) {
    const card = new Card(this, serial);
    await card.plug();
    return card;
  }
}

class Card {
  constructor(world, serial) {
    this.world = world;
    this.serial = serial;
    mkdirSync(world.path("cards"), { recursive: true });
    this.image = world.path("cards", `${serial}.image`);
    this.socket = world.path("usbkeys", `${serial}.sock`);
    this.program = join(world.build, "src/token/card/hufu-card");
    const made = spawnSync(
      this.program,
      ["--new", "--image", this.image, "--serial", serial, "--maker", world.path("maker")],
      { encoding: "utf8" },
    );
    if (made.status !== 0) throw new Error(`hufu-card --new: ${made.stderr}`);
    world.cards.push(this);
  }

  async plug() {
    const log = openSync(this.world.path("serve.log"), "a");
    this.process = spawn(this.program, ["--image", this.image, "--socket", this.socket], {
      stdio: ["ignore", log, log],
    });
    await waitFor(
      "the USBKey",
      () =>
        new Promise((done) => {
          const s = connect(this.socket);
          s.once("connect", () => (s.destroy(), done(true)));
          s.once("error", () => done(false));
        }),
    );
  }

  async pull() {
    if (this.process && this.process.exitCode === null) {
      const over = new Promise((done) => this.process.once("exit", done));
      this.process.kill("SIGTERM");
      await over;
    }
    if (existsSync(this.socket)) unlinkSync(this.socket);
    this.process = null;
  }
}
