/* What may be done with an invoice, by its state (src/service/invoice_state.c checks the same). */
import type { Invoice } from "@api";

export type InvoiceAct = "deliver" | "red" | "refuse" | "import";

export function actsOf(i: Invoice): (InvoiceAct | "retry")[] {
  const issued = i.state === "issued" || i.state === "sent";
  const acts: (InvoiceAct | "retry")[] = [];
  if (i.state === "failed" || (i.state === "due" && i.way === "manual")) acts.push("retry");
  if (i.state === "requested" && i.way === "manual") acts.push("import");
  if (issued) acts.push("deliver");
  if (issued && i.kind === "blue" && !i.red_there) acts.push("red");
  if (issued && i.kind === "blue" && i.wish_s && !i.red_there) acts.push("refuse");
  return acts;
}
