/* One application as its pages see it: read, kept fresh by the server's events, and what is done and to be done. */
import { applicationEventsAddress, applicationGet, attachmentList, type Application, type Attachment } from "@api";
import type { Trouble } from "@shared/base/trouble";
import { troubleFrom } from "@shared/base/trouble";
import { onBeforeUnmount, reactive } from "vue";
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

export const kinds = ["form", "license", "identity"] as const;
export type Kind = (typeof kinds)[number];

export const path = (number: string, page = "") => `/applications/${number}${page && "/"}${page}`;

export const isEditable = (a: Application) => a.state === "draft" || a.state === "sent-back";
export const isOver = (a: Application) => ["rejected", "withdrawn", "lapsed", "cancelled", "done", "shipped"].includes(a.state);
export const isPaid = (a: Application) => Boolean(a.started_s);
export const mayWithdraw = (a: Application) => ["draft", "awaiting-payment", "in-review", "sent-back"].includes(a.state);

export const confirmed = (a: Application, section: string) => (a.confirmed ?? "").split(",").includes(section);
export const returnItems = (a: Application) => (a.state === "sent-back" ? (a.return_items ?? "").split(",").map((s) => s.trim()).filter(Boolean) : []);

export function attachmentOf(list: Attachment[], kind: Kind): Attachment | undefined {
  return list.find((x) => x.kind === kind);
}

/* A scan counts when it shows the form as it is printed now. */
export const isCurrent = (a: Application, x?: Attachment) => Boolean(x) && (x!.kind !== "form" || x!.revision === a.form_revision);

export const materialsDone = (a: Application, list: Attachment[]) => kinds.every((k) => isCurrent(a, attachmentOf(list, k)));

/* Which page mends what a reviewer sent back. */
const pageOfItem: Record<string, TaskName> = {
  organization: "organization", holder: "holder", invoice: "invoice", medium: "medium", address: "medium",
  form: "form", license: "materials", identity: "materials",
};

export function taskOfItem(item: string): TaskName {
  return pageOfItem[item] ?? "check";
}

/* The order in which things are done; each needs those before it that its line names. */
export function tasksOf(a: Application, list: Attachment[]): Task[] {
  const done: Record<string, boolean> = {
    agreement: Boolean(a.agreed_s),
    organization: confirmed(a, "organization"),
    holder: confirmed(a, "holder"),
    invoice: confirmed(a, "invoice"),
    medium: Boolean(a.medium) && (a.medium !== "usbkey" || Boolean(a.address)),
    form: Boolean(a.form_revision),
    materials: Boolean(a.form_revision) && materialsDone(a, list),
  };
  const needs: [TaskName, TaskName[]][] = [
    ["agreement", []],
    ["organization", ["agreement"]],
    ["holder", ["agreement"]],
    ["invoice", ["agreement"]],
    ["medium", ["agreement"]],
    ["form", ["organization", "holder", "invoice", "medium"]],
    ["materials", ["form"]],
    ["submit", ["materials"]],
  ];
  const sentBack = returnItems(a).map(taskOfItem);
  return needs.map(([name, before]) => {
    const after = before.find((b) => !done[b]);
    const state: TaskState = sentBack.includes(name) ? "fix" : done[name] ? "done" : after ? "later" : name === "submit" ? "now" : "todo";
    return { name, to: path(a.number, name === "form" && !done.form ? "check" : name), state, after };
  });
}

export interface Loaded {
  value: Application | null;
  attachments: Attachment[];
  trouble: Trouble | null;
  /** counts what the server told of, so that a page can say it */
  changes: number;
  read: () => Promise<void>;
  take: (value: Application) => void;
}

/* Reads NUMBER; with LIVE also whenever the server tells of a change, and when the tab or the line comes back. */
export function useApplication(number: string, live = false): Loaded {
  const state: Loaded = reactive({ value: null, attachments: [], trouble: null, changes: 0, read, take });

  function take(value: Application) {
    state.value = value;
  }

  async function read() {
    try {
      const [value, list] = await Promise.all([applicationGet(number), attachmentList(number)]);
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

  const seen = () => document.visibilityState === "visible" && void changed();
  let events: EventSource | null = null;
  if (live) {
    events = new EventSource(applicationEventsAddress(number));
    events.addEventListener("change", changed);
    events.onopen = changed;
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("online", changed);
  }
  onBeforeUnmount(() => {
    events?.close();
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", changed);
  });
  void read();
  return state;
}
