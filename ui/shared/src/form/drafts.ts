/* What was typed and not yet saved. In sessionStorage: it survives reload, back, a lost line and an expired login in this
 * tab, and is gone with it, since computers are shared and drafts hold personal data. Bound to whoever typed it. */
import { dropAll } from "./kept";

const prefix = "hufu.draft.";
const ownerKey = "hufu.drafts-of";

function keys(): string[] {
  return Array.from({ length: sessionStorage.length }, (_, i) => sessionStorage.key(i)!).filter((k) =>
    k.startsWith(prefix),
  );
}

export function forgetDrafts(): void {
  keys().forEach((k) => sessionStorage.removeItem(k));
  sessionStorage.removeItem(ownerKey);
  void dropAll();
}

/* From now on drafts are OWNER's; those of someone else are dropped. */
export function draftsOf(owner: string): void {
  if (sessionStorage.getItem(ownerKey) !== owner) forgetDrafts();
  sessionStorage.setItem(ownerKey, owner);
}

export function draftRead<T>(name: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(prefix + name) ?? "null");
  } catch {
    return null;
  }
}

export function draftWrite(name: string, value: unknown): void {
  try {
    sessionStorage.setItem(prefix + name, JSON.stringify(value));
  } catch {
    /* full or switched off: the form still works, it is only not kept */
  }
}

export function draftDrop(name: string): void {
  sessionStorage.removeItem(prefix + name);
}
