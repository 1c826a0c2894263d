/* Changes of what the directory has that take evidence and a decision: what both kinds are to the pages that show them. */
import { session } from "@shared/base/session";
import type { Row } from "@shared/components/Summary.vue";
import { hasRole, type Role } from "../roles";

export interface Change {
  id: string;
  state: string;
  asked_by: string;
  asked_s: number;
  decided_by?: string;
  decided_s?: number;
  words?: string;
}

/* What is to be looked at in two lines of a table: the second one in other letters. */
export type Sides = [string, string?];

export interface ChangeKind<T extends Change> {
  name: "mobiles" | "organizations";
  lead: string;
  evidenceName: string;
  /** who sees the evidence */
  looks: Role[];
  decisions: Record<"approve" | "reject", string>;
  wordsHint: string;
  done: Record<"approve" | "reject", string>;
  list: (state: "waiting" | "decided", after?: string) => Promise<{ items: T[]; next?: string }>;
  evidence: (id: string) => Promise<Blob>;
  decide: (id: string, said: { decision: "approve" | "reject"; words: string }) => Promise<T>;
  /** whose it is: where a link leads, and what stands there */
  subject: (change: T) => { to: string; name: string } | null;
  old: (change: T) => Sides;
  now: (change: T) => Sides;
  rows: (change: T) => Row[];
}

/* The server goes by the certificate as well; who asked sees at once that it is for somebody else. */
export const isOwn = (change: Change) => change.asked_by === session.value?.name;
export const decides = (change: Change) => hasRole("administrator") && change.state === "waiting" && !isOwn(change);
