/* What went wrong, in the words a person gets: what happened, and what to do next. */
import { shared as t } from "../texts";

export class Trouble extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly detail?: string,
    readonly field?: string,
    readonly requestId?: string,
  ) {
    super(message);
  }
}

/* Anything thrown, as a Trouble; null for what a person wanted (a request taken back). */
export function troubleFrom(thrown: unknown): Trouble | null {
  if (thrown instanceof Trouble) return thrown;
  if (thrown instanceof DOMException && thrown.name === "AbortError") return null;
  console.error(thrown);
  return new Trouble(t.strange.message, t.strange.hint);
}
