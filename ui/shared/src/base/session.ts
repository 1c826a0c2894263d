/* Who is logged in, and what becomes of open tabs when that changes. */
import { reactive } from "vue";
import { sessionEnd, sessionGet, type Session } from "@api";
import { forgetDrafts, draftsOf } from "../form/drafts";

export const session = reactive({ known: false, value: null as Session | null });

/* Whether this browser logged in here before: if not, the server need not be asked who is. */
const mark = "hufu.logged-in";

function marked(): boolean {
  try {
    return localStorage.getItem(mark) !== null;
  } catch {
    return true; /* storage is switched off: ask */
  }
}

function setMark(on: boolean): void {
  try {
    if (on) localStorage.setItem(mark, "1");
    else localStorage.removeItem(mark);
  } catch {
    /* asked each time, then */
  }
}

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("hufu-session") : null;

export function setSession(value: Session | null, tell = true): void {
  session.known = true;
  session.value = value;
  setMark(Boolean(value));
  if (value) draftsOf(value.account ?? value.serial ?? value.name);
  if (tell) tabs?.postMessage(value ? "in" : "out");
}

/* Asks once; later calls answer what is known. */
export async function loadSession(): Promise<Session | null> {
  if (session.known) return session.value;
  if (!marked()) {
    session.known = true;
    return null;
  }
  try {
    setSession(await sessionGet({ quiet: true }), false);
  } catch (e) {
    if ((e as { status?: number }).status !== 401) throw e;
    setSession(null, false);
  }
  return session.value;
}

/* The server no longer knows us: what was typed stays for the next login. */
export function sessionLost(): void {
  setMark(false);
  session.known = true;
  session.value = null;
}

export async function logOut(): Promise<void> {
  await sessionEnd({ quiet: true }).catch((e) => {
    if (e.status !== 401) throw e;
  });
  forgetDrafts();
  setSession(null);
}

/* Another tab logged in or out: HANDLER decides what this one does. */
export function onOtherTab(handler: (now: "in" | "out") => void): void {
  if (tabs) tabs.onmessage = (e) => handler(e.data);
}
