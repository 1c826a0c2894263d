/* The steps that make one USBKey (docs/PROTOCOL.agent, Production; R-APPLY-3), each safe to repeat. What is needed to go on
 * after a reload is kept as a draft: from the issue on, the same statement gives the same pair again. */
import {
  cardDraft,
  cardOpen,
  produceDraft,
  produceMake,
  produceRecovered,
  productionFinish,
  type Produced,
  type ProduceSigned,
} from "@api";
import { agent } from "@shared/agent/usbkey";
import { draftDrop, draftRead, draftWrite } from "@shared/form/drafts";
import { t } from "../texts";

export type StepName = keyof typeof t.production.steps;
export const stepNames = Object.keys(t.production.steps) as StepName[];

export interface Making {
  number: string;
  /** the key's handle at the agent, and its serial number */
  usbkey: string;
  card: string;
  challenge?: string;
  card_certificate?: string;
  opened?: { device_answer: string; admin_sealed: string };
  statement?: { text: string; signature: string };
  made?: { public_key: string; attestation: string };
  signed?: ProduceSigned;
  issued?: Produced;
  /** serials of the old encryption certificates whose keys it has taken */
  recovered?: string[];
}

export type Sign = (statement: string) => Promise<string>;

const draftName = (number: string) => `production.${number}`;

/* What was begun here and got its certificates, but was not finished. */
export const kept = (number: string) => draftRead<Making>(draftName(number));

const keep = (m: Making) => draftWrite(draftName(m.number), m);

const acts: Record<StepName, (m: Making, sign: Sign) => Promise<void>> = {
  async inspect(m) {
    const seen = await (await agent()).inspect(m.usbkey);
    Object.assign(m, { card: seen.card, challenge: seen.challenge, card_certificate: seen.card_certificate });
  },
  async card(m, sign) {
    const { statement } = await cardDraft(m.number, {
      card: m.card,
      challenge: m.challenge!,
      card_certificate: m.card_certificate!,
    });
    m.opened = await cardOpen(m.number, {
      statement,
      signature: await sign(statement),
      card_certificate: m.card_certificate!,
    });
  },
  async open(m) {
    m.made = await (await agent()).open(m.usbkey, m.opened!);
  },
  async produce(m, sign) {
    const { statement } = await produceDraft(m.number, { card: m.card, ...m.made! });
    const { possession } = await (await agent()).prove(m.usbkey, statement);
    m.signed = { statement, signature: await sign(statement), possession, card_certificate: m.card_certificate! };
    keep(m);
  },
  async issue(m) {
    m.issued = await produceMake(m.number, m.signed!);
    keep(m);
  },
  async write(m) {
    await (await agent()).write(m.usbkey, m.issued!);
  },
  /* R-LOST-4: of a lost or damaged USBKey, so that what was encrypted for it can still be read. */
  async recover(m) {
    m.recovered = [];
    for (const { serial, encryption_certificate, enveloped_key } of (await produceRecovered(m.number)).items) {
      await (await agent()).writeRecovered(m.usbkey, { encryption_certificate, enveloped_key });
      m.recovered.push(serial);
    }
    keep(m);
  },
  async close(m) {
    await (await agent()).close(m.usbkey);
  },
  async finish(m) {
    await productionFinish(m.number, m.recovered?.length ? { recovered: m.recovered.join(",") } : {});
    draftDrop(draftName(m.number));
  },
};

/* Where to go on: a key whose statement is signed goes on with the issue, any other begins anew. */
export const firstStep = (m: Making): StepName => (m.signed ? "issue" : "inspect");

/* A step that failed: what a USBKey forgot when it was pulled has to begin anew, as long as nothing was issued. */
export const stepAgain = (m: Making, failed: StepName): StepName =>
  m.signed ? (failed === "produce" ? "produce" : failed) : "inspect";

export async function make(m: Making, from: StepName, sign: Sign, at: (step: StepName) => void): Promise<void> {
  for (const step of stepNames.slice(stepNames.indexOf(from))) {
    at(step);
    await acts[step](m, sign);
  }
}
