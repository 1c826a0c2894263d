/* People without a browser: the public API as pages ask it, for what a test needs to be there before it opens one. */
import { request } from "node:http";
import { createHash, randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import { waitFor } from "./world.mjs";

export const newPin = "739154";
const random = (n) => Array.from({ length: n }, () => Math.floor(Math.random() * 10)).join("");

export const someMobile = () => "139" + random(8);

export function someIdentity() {
  const body =
    "110101" +
    (1960 + Math.floor(Math.random() * 40)) +
    "0" +
    (1 + Math.floor(Math.random() * 9)) +
    "1" +
    Math.floor(Math.random() * 9) +
    random(3);
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return body + "10X98765432"[weights.reduce((s, w, i) => s + w * Number(body[i]), 0) % 11];
}

export function someCreditCode() {
  const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY",
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
  const body = "91110000MA" + random(7);
  const sum = weights.reduce((s, w, i) => s + w * alphabet.indexOf(body[i]), 0);
  return body + alphabet[(31 - (sum % 31)) % 31];
}

function crc32(bytes) {
  let crc = ~0;
  for (const b of bytes) {
    crc ^= b;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

/* A plain scan: one colour, with a frame. */
export function png(width = 600, height = 420, noise = false) {
  const rows = Buffer.concat(
    Array.from({ length: height }, (_, y) =>
      Buffer.concat([
        Buffer.from([0]),
        noise
          ? randomBytes(width * 3)
          : Buffer.from(
              Array.from({ length: width }, (_, x) =>
                x < 8 || y < 8 || x > width - 9 || y > height - 9 ? [163, 35, 31] : [250, 247, 240],
              ).flat(),
            ),
      ]),
    ),
  );
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

export class Page {
  constructor(origin, address = origin) {
    this.origin = origin;
    this.at = new URL(address);
    this.cookies = new Map();
    this.extra = {};
  }

  ask(method, path, body, content, key = randomBytes(16).toString("hex")) {
    const data = content ?? (body === undefined ? null : Buffer.from(JSON.stringify(body)));
    const headers = {
      Host: this.at.host,
      Origin: this.origin,
      "Accept-Language": "zh-CN",
      ...this.extra,
    };
    if (this.cookies.size) headers.Cookie = [...this.cookies].map(([n, v]) => `${n}=${v}`).join("; ");
    if (method !== "GET") headers["Idempotency-Key"] = key;
    if (data) headers["Content-Type"] = content ? "application/octet-stream" : "application/json";
    headers["Content-Length"] = data ? data.length : 0;
    return new Promise((done, fail) => {
      const asked = request({ host: "127.0.0.1", port: this.at.port, method, path, headers }, (answer) => {
        const parts = [];
        answer.on("data", (p) => parts.push(p));
        answer.on("end", () => {
          for (const field of answer.headers["set-cookie"] ?? []) {
            const [name, value] = field.split(";")[0].split("=");
            this.cookies.set(name, value);
          }
          const raw = Buffer.concat(parts);
          const json = /json/.test(answer.headers["content-type"] ?? "") && raw.length ? JSON.parse(raw) : null;
          if (answer.statusCode >= 400) fail(new Error(`${method} ${path}: ${answer.statusCode} ${raw}`));
          else done(json ?? raw);
        });
      });
      asked.on("error", fail);
      asked.end(data);
    });
  }

  api(method, path, body, content) {
    return this.ask(method, `/api/v1/${path}`, body, content);
  }
}

export class Agent extends Page {
  static async paired(world, origin) {
    const agent = new Agent(origin, world.state().agent);
    agent.extra["Hufu-Pairing"] = (await agent.tell("pair")).token;
    return agent;
  }
  tell(what, body = {}) {
    return this.ask("POST", `/v1/${what}`, body);
  }
  async key(serial) {
    return (await this.tell("keys")).keys.find((k) => k.serial === serial);
  }
}

export class Operator {
  static async logIn(world, role) {
    const o = new Operator();
    o.person = world.person(role);
    o.page = new Page(world.console);
    o.agent = await Agent.paired(world, world.console);
    o.key = (await waitFor("the operator's USBKey", () => o.agent.key(o.person.card))).key;
    const draft = await o.api("POST", "key-logins", {
      serial: o.person.certificate,
    });
    const { certificate, signature } = await o.agent.tell("sign", {
      key: o.key,
      statement: draft.statement,
      pin: o.person.pin,
    });
    await o.api("POST", `key-logins/${draft.id}`, { certificate, signature });
    return o;
  }
  api(...what) {
    return this.page.api(...what);
  }
  async sign(statement) {
    return (
      await this.agent.tell("sign", {
        key: this.key,
        statement,
        pin: this.person.pin,
      })
    ).signature;
  }
}

const steps = ["logIn", "apply", "fill", "print", "upload", "submit", "pay", "approve", "produce", "ship", "receive"];

/* One holder on the way to a certificate: each step as in tests/api/walk.py. */
export class Holder {
  constructor(world, name = "张三", colleague = null) {
    this.world = world;
    this.name = name;
    this.mobile = someMobile();
    this.identity = someIdentity();
    this.creditCode = colleague?.creditCode ?? someCreditCode();
    this.organizationName = colleague?.organizationName ?? `测试能源${random(4)}有限公司`;
    this.organizationAddress = "北京市西城区示例路 1 号";
    this.organization = colleague?.organization;
    this.email = `holder-${this.mobile}@example.org`;
    this.page = new Page(world.portal);
  }

  /** An account, opened by an administrator; in an organization of its own or that of a COLLEAGUE. */
  static async opened(world, name, colleague) {
    const h = new Holder(world, name, colleague);
    world.administrator ??= await Operator.logIn(world, "administrator");
    h.organization ??= (
      await world.administrator.api("POST", "console/organizations", {
        name: h.organizationName,
        credit_code: h.creditCode,
        address: h.organizationAddress,
      })
    ).id;
    h.account = (
      await world.administrator.api("POST", "console/accounts", {
        organization: h.organization,
        name: h.name,
        document_type: "id-card",
        document_number: h.identity,
        mobile: h.mobile,
        email: h.email,
      })
    ).id;
    return h;
  }

  /** One who has gone all steps up to LAST. */
  static async until(world, last, name) {
    const h = await Holder.opened(world, name);
    for (const step of steps.slice(0, steps.indexOf(last) + 1)) await h[step]();
    return h;
  }

  api(...what) {
    return this.page.api(...what);
  }

  async logIn() {
    const since = this.world.messages("sms").length;
    await this.api("POST", "sms-codes", { mobile: this.mobile });
    await this.api("POST", "sessions", {
      mobile: this.mobile,
      code: await this.world.code(this.mobile, since),
    });
    this.loggedInAt = Date.now();
    return this;
  }

  path(tail = "") {
    return `applications/${this.number}${tail && "/"}${tail}`;
  }

  async apply(service = "apply") {
    return this.at(await this.api("POST", "applications", { service }));
  }

  /** Goes on with APPLICATION, begun here or in a browser. */
  async at({ number, service }) {
    const rules = (await this.api("GET", "services")).items;
    this.number = number;
    this.rule = rules.find((r) => r.service === service);
    return this;
  }

  /** The first LENGTH bytes of a scan, as a page sends them before its line breaks. */
  async sendPiece(kind, file, length) {
    const sm3 = createHash("sm3").update(file).digest("hex");
    const { id } = await this.api("POST", this.path("uploads"), { kind, size: file.length, sm3 });
    this.page.extra["Upload-Offset"] = "0";
    await this.api("PATCH", this.path(`uploads/${id}`), undefined, file.subarray(0, length));
    delete this.page.extra["Upload-Offset"];
  }

  async fill() {
    await this.api("PUT", this.path("agreement"), {
      version: (await this.api("GET", "agreement")).version,
    });
    await this.api("PUT", this.path("details"), {
      organization_name: this.organizationName,
      credit_code: this.creditCode,
      organization_address: this.organizationAddress,
      holder_name: this.name,
      document_type: "id-card",
      email: this.email,
      invoice_title: this.organizationName,
      tax_number: this.creditCode,
      invoice_email: this.email,
    });
    if (this.rule.usbkey !== "production") return this;
    await this.api("PUT", this.path("medium"), {
      medium: "usbkey",
      recipient: this.name,
      recipient_mobile: this.mobile,
      province: "北京市",
      address: "西城区示例路 1 号 301",
      postcode: "100032",
    });
    return this;
  }

  /** A change of holder, up to the review: named by the mobile number, the COLLEAGUE has agreed. */
  async passTo(colleague) {
    await this.apply("change");
    await this.fill();
    await this.api("PUT", this.path("particulars"), { successor_mobile: colleague.mobile });
    for (const step of ["print", "upload", "submit"]) await this[step]();
    await colleague.logIn();
    colleague.number = this.number;
    colleague.card = this.card;
    colleague.key = this.key;
    await colleague.api("POST", colleague.path("confirmation"));
    return this;
  }

  async print() {
    await this.api("POST", this.path("form"));
    this.form = await this.api("GET", this.path("form"));
    return this;
  }

  async upload() {
    await this.api("POST", this.path("attachments/form"), undefined, this.form);
    for (const kind of this.rule.scans.split(",").slice(1))
      await this.api("POST", this.path(`attachments/${kind}`), undefined, png());
    return this;
  }

  /** R-ACCT-8: shows that the number is at hand, by the code that was sent to it. */
  async proveMobile(mobile) {
    await this.api("POST", "mobile-codes", { mobile });
    await this.api("POST", "mobile-proofs", { mobile, code: await this.world.code(mobile) });
    return this;
  }

  /** R-ACCT-8: asks for another number, with a scan. */
  async askMobile(mobile) {
    await this.proveMobile(mobile);
    await this.api("POST", "mobile-changes", undefined, png());
    return this;
  }

  async submit() {
    await this.api("POST", this.path("submission"));
    return this;
  }

  async pay() {
    const order = await this.api("POST", this.path("payment"), {
      method: "wechat",
    });
    const url = new URL(order.code_url);
    await new Page(url.origin).ask("POST", url.pathname + "?mode=normal");
    await waitFor("the money", async () => (await this.api("GET", this.path())).state === "in-review");
    return this;
  }

  async approve() {
    const reviewer = (this.world.reviewer ??= await Operator.logIn(this.world, "reviewer"));
    const { statement } = await reviewer.api("POST", `console/${this.path("decision-draft")}`, { decision: "approve" });
    await reviewer.api("POST", `console/${this.path("decision")}`, {
      statement,
      signature: await reviewer.sign(statement),
    });
    return this;
  }

  async produce() {
    const producer = (this.world.producer ??= await Operator.logIn(this.world, "producer"));
    this.card = await this.world.card();
    const { key } = await waitFor("the fresh USBKey", () => producer.agent.key(this.card.serial));
    this.key = key;
    const seen = await producer.agent.tell("inspect", { key });
    const { statement } = await producer.api("POST", `console/${this.path("card-draft")}`, {
      card: this.card.serial,
      challenge: seen.challenge,
      card_certificate: seen.card_certificate,
    });
    const opened = await producer.api("POST", `console/${this.path("card")}`, {
      statement,
      signature: await producer.sign(statement),
      card_certificate: seen.card_certificate,
    });
    const made = await producer.agent.tell("open", { key, ...opened });
    const draft = await producer.api("POST", `console/${this.path("produce-draft")}`, {
      card: this.card.serial,
      public_key: made.public_key,
      attestation: made.attestation,
    });
    const { possession } = await producer.agent.tell("prove", {
      key,
      statement: draft.statement,
    });
    const produced = await producer.api("POST", `console/${this.path("certificates")}`, {
      statement: draft.statement,
      signature: await producer.sign(draft.statement),
      possession,
      card_certificate: seen.card_certificate,
    });
    await producer.agent.tell("write", { key, ...produced });
    const { items } = await producer.api("POST", `console/${this.path("recovered-keys")}`);
    for (const { encryption_certificate, enveloped_key } of items)
      await producer.agent.tell("write-recovered", { key, encryption_certificate, enveloped_key });
    const done = items.length ? { recovered: items.map((i) => i.serial).join(",") } : {};
    await producer.agent.tell("close", { key });
    this.serial = (await producer.api("POST", `console/${this.path("production")}`, done)).serial;
    return this;
  }

  async ship() {
    await this.world.producer.api("POST", `console/${this.path("shipment")}`, {
      carrier: "ems",
      waybill: "EA" + random(9) + "CN",
    });
    return this;
  }

  /** R-SHIP-3. */
  async receive() {
    const since = this.world.messages("sms").length;
    await this.api("POST", this.path("receipt-code"));
    await this.api("POST", this.path("receipt"), { code: await this.world.code(this.mobile, since) });
    return this;
  }

  async changePin(pin = newPin) {
    const agent = await Agent.paired(this.world, this.world.platform);
    await agent.tell("change-pin", { key: this.key, old: "000000", new: pin });
    return this;
  }

  /** Six wrong PINs, the agent's warning notwithstanding. */
  async lock() {
    const agent = await Agent.paired(this.world, this.world.platform);
    for (let i = 0; i < 6; i++)
      await agent
        .tell("change-pin", { key: this.key, old: "194837", new: newPin, last_tries: "yes" })
        .catch(() => undefined);
    return this;
  }

  async revoke(reason = "keyCompromise") {
    const reviewer = (this.world.reviewer ??= await Operator.logIn(this.world, "reviewer"));
    const path = `console/certificates/${this.serial}/`;
    const { statement } = await reviewer.api("POST", path + "revocation-draft", { reason });
    await reviewer.api("POST", path + "revocation", {
      statement,
      signature: await reviewer.sign(statement),
    });
  }
}
