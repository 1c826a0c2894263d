/* One application as its pages see it: read, kept fresh by the server's events, and what is done and to be done. */
import {
  applicationEventsAddress,
  applicationGet,
  attachmentList,
  type Application,
  type Attachment,
  type ServiceRule,
} from "@api";
import type { Trouble } from "@shared/base/trouble";
import { troubleFrom } from "@shared/base/trouble";
import { reactive } from "vue";
import { useFresh } from "@shared/base/fresh";
import { useLive } from "@shared/api/live";
import { endOf, ruleOf, scansOf } from "@shared/base/services";
import { session } from "@shared/base/session";
import { t } from "./texts";

export type TaskName = keyof typeof t.task.tasks;
export type TaskState = keyof typeof t.task.states;

export interface Task {
  name: TaskName;
  to: string;
  state: TaskState;
  /** the task that has to be done first */
  after?: TaskName;
}

export const path = (number: string, page = "") => `/applications/${number}${page && "/"}${page}`;

export const isEditable = (a: Application) => a.state === "draft" || a.state === "sent-back";
/* What is unpaid, or not confirmed by the new holder, can still be filled in: it is submitted anew then. */
export const isFillable = (a: Application) =>
  isEditable(a) || a.state === "awaiting-payment" || a.state === "awaiting-confirmation";
export const isOver = (a: Application) =>
  ["rejected", "withdrawn", "lapsed", "cancelled", "replaced", "done", "shipped"].includes(a.state);
export const isPaid = (a: Application) => Boolean(a.started_s);
export const mayWithdraw = (a: Application) =>
  ["draft", "awaiting-payment", "awaiting-confirmation", "awaiting-return", "in-review", "sent-back"].includes(a.state);

/* Whether the person who looks acts for the holder (经办人, R-FORM-6). */
export const isDeputy = (a: Application) => Boolean(a.deputy && session.value?.account === a.deputy);

/* Whose USBKey takes the certificates: the holder's, or that of whom they pass to. */
export const isTaker = (a: Application, rule: ServiceRule) =>
  Boolean(session.value) && session.value!.account === (rule.successor ? a.successor : a.holder);

/* The page on which the person who looks ends what was approved, if it is their turn. */
export function turnOf(a: Application, rule: ServiceRule): "download" | "unlock" | null {
  const end = endOf(rule, a);
  if (isDeputy(a)) return null;
  if (end === "unlock" && a.state === "approved") return "unlock";
  return end === "download" && ["approved", "issued"].includes(a.state) && isTaker(a, rule) ? "download" : null;
}

/* A lost or broken USBKey is replaced by a new one; what is approved and waits for the old one goes over to it. */
export const isReplacement = (rule: ServiceRule) => rule.about_certificate && rule.usbkey === "production";
export const waitsForKey = (list: Application[], rules: ServiceRule[]) =>
  list.find((a) => rules.some((r) => r.service === a.service && turnOf(a, r) === "download"));

export const confirmed = (a: Application, section: string) => (a.confirmed ?? "").split(",").includes(section);
export const returnItems = (a: Application) =>
  a.state === "sent-back"
    ? (a.return_items ?? "")
        .split(",")
        .map((s) => s.trim())
        .filter(Boolean)
    : [];

export function attachmentOf(list: Attachment[], kind: string): Attachment | undefined {
  return list.find((x) => x.kind === kind);
}

/* A scan counts when it shows the form as it is printed now and, where a reviewer asked for it again, is newer than that. */
export function isCurrent(a: Application, x?: Attachment): boolean {
  if (!x || (x.kind === "form" && x.revision !== a.form_revision)) return false;
  return !returnItems(a).includes(x.kind) || x.uploaded_s >= (a.returned_s ?? 0);
}

export const materialsMissing = (a: Application, rule: ServiceRule, list: Attachment[]) =>
  scansOf(rule, a).filter((k) => !isCurrent(a, attachmentOf(list, k)));

/* What a reviewer may send back (src/service/item.c): sections, their fields, scans; and the page that mends each. */
const fieldsOf: Partial<Record<TaskName, string[]>> = {
  organization: ["organization", "organization_name", "credit_code", "organization_address"],
  holder: ["holder", "holder_name", "document_type", "document_number", "mobile", "email"],
  invoice: ["invoice", "invoice_title", "tax_number", "invoice_email"],
  medium: ["medium"],
  address: ["recipient", "recipient_mobile", "province", "address", "postcode"],
  reason: ["reason"],
  successor: ["successor_mobile"],
  materials: ["form", "license", "identity", "identity-new", "letter"],
};

/* The task that mends ITEM. Medium and address are one task where the medium is chosen, else there is the address only. */
export function taskOfItem(item: string, rule: ServiceRule): TaskName {
  const found = (Object.keys(fieldsOf) as TaskName[]).find((task) => fieldsOf[task]!.includes(item)) ?? "check";
  if (found === "medium" || found === "address") return rule.about_certificate ? "address" : "medium";
  return found;
}

/* What is asked for beside the data of organization and person. */
export function sectionsOf(a: Application, rule: ServiceRule): TaskName[] {
  const wanted: [TaskName, boolean][] = [
    ["organization", true],
    ["holder", true],
    ["reason", rule.asks_reason],
    ["successor", rule.successor],
    ["invoice", Boolean(rule.fee_item)],
    ["medium", !rule.about_certificate],
    ["address", rule.about_certificate && endOf(rule, a) === "production"],
  ];
  return wanted.filter(([, is]) => is).map(([name]) => name);
}

/* The order in which things are done; each needs those before it that its line names. */
export function tasksOf(a: Application, rule: ServiceRule, list: Attachment[]): Task[] {
  const done: Partial<Record<TaskName, boolean>> = {
    agreement: Boolean(a.agreed_s),
    organization: confirmed(a, "organization"),
    holder: confirmed(a, "holder"),
    reason: Boolean(a.reason),
    successor: Boolean(a.successor),
    invoice: confirmed(a, "invoice"),
    medium: Boolean(a.medium) && (a.medium !== "usbkey" || Boolean(a.address)),
    address: Boolean(a.address),
    form: Boolean(a.form_revision),
    materials: Boolean(a.form_revision) && !materialsMissing(a, rule, list).length,
  };
  const sections = sectionsOf(a, rule);
  const needs: [TaskName, TaskName[]][] = [
    ["agreement", []],
    ...sections.map((name): [TaskName, TaskName[]] => [name, ["agreement"]]),
    ["form", sections],
    ["materials", ["form"]],
    ["submit", ["materials"]],
  ];
  const sentBack = a.state === "sent-back";
  const wanted = returnItems(a).map((item) => taskOfItem(item, rule));
  return needs.map(([name, before]) => {
    const after = before.find((b) => !done[b]);
    let state: TaskState = done[name] ? "done" : after ? "later" : name === "submit" ? "now" : "todo";
    /* Sections stay marked until the application goes back to review: nothing tells whether they were mended enough. */
    if (sentBack && wanted.includes(name) && (name !== "materials" || !done.materials)) state = "fix";
    else if (sentBack && state === "done" && !["form", "materials"].includes(name)) state = "kept";
    /* What is agreed to and submitted is so by the holder. */
    if (isDeputy(a) && (name === "agreement" || name === "submit") && state !== "done") state = "own";
    /* Printing begins with a look at what is printed; what was printed already is not printed twice. */
    return { name, to: path(a.number, name === "form" ? "check" : name), state, after };
  });
}

export interface Loaded {
  value: Application | null;
  rule: ServiceRule | null;
  attachments: Attachment[];
  trouble: Trouble | null;
  /** counts what the server told of, so that a page can say it */
  changes: number;
  read: () => Promise<void>;
  take: (value: Application) => void;
}

/* Reads NUMBER; with LIVE also whenever the server tells of a change, and when the tab or the line comes back. */
export function useApplication(number: string, live = false): Loaded {
  const state: Loaded = reactive({
    value: null,
    rule: null,
    attachments: [],
    trouble: null,
    changes: 0,
    read,
    take,
  });

  function take(value: Application) {
    state.value = value;
  }

  async function read() {
    try {
      const [value, list] = await Promise.all([applicationGet(number), attachmentList(number)]);
      state.rule = await ruleOf(value);
      state.value = value;
      state.attachments = list.items;
      state.trouble = null;
    } catch (e) {
      /* What is on the page stays when only the line is gone. */
      if (!state.value) state.trouble = troubleFrom(e);
    }
  }

  async function changed() {
    const before = state.value?.state;
    await read();
    if (before && state.value?.state !== before) state.changes++;
  }

  if (live) useLive(applicationEventsAddress(number), changed);
  useFresh(read, !live);
  void read();
  return state;
}
