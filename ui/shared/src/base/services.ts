/* The seven services as the server tells them: what each asks for, and how it ends. Pages ask this, never for a name. */
import { serviceList, type Application, type attachmentUpload, type ServiceRule } from "@api";

let asked: Promise<ServiceRule[]> | null = null;

export function services(): Promise<ServiceRule[]> {
  asked ??= serviceList()
    .then((list) => list.items)
    .catch((e) => {
      asked = null;
      throw e;
    });
  return asked;
}

/* A damaged USBKey whose holder is at fault becomes a lost one: what is asked for stays what was applied for. */
export async function ruleOf(a: Application): Promise<ServiceRule> {
  const name = a.origin ?? a.service;
  const rule = (await services()).find((r) => r.service === name);
  if (!rule) throw new Error(`the server has no service ${name}`);
  return rule;
}

/** what is uploaded */
export type Scan = Parameters<typeof attachmentUpload>[1];
/* Where somebody acts for the holder, with a letter too (R-FORM-6). */
export const scansOf = (rule: ServiceRule, a: Application) =>
  [...rule.scans.split(",").filter(Boolean), ...(a.deputy_name ? ["letter"] : [])] as Scan[];

/* How an approval is carried out. */
export const endOf = (rule: ServiceRule, a: Application) => (a.medium === "shield" ? rule.shield : rule.usbkey);
