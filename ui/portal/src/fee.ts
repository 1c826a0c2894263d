/* What a service costs by the tariff in force. An application knows its own fee only from its submission on. */
import { tariffList, type Application, type ServiceRule } from "@api";

export async function feeOf(rule: ServiceRule): Promise<number> {
  if (!rule.fee_item) return 0;
  const tariff = await tariffList();
  return tariff.items.find((i) => i.service === rule.service && i.item === rule.fee_item)?.amount_fen ?? 0;
}

/* The first USBKey in place of a lost one is free: only the server counts them (R-LOST-3). */
export const isCounted = (rule: ServiceRule) => rule.fee_item === "usbkey";

export async function owed(a: Application, rule: ServiceRule): Promise<number> {
  if (a.started_s) return 0;
  return a.fee_fen || (isCounted(rule) ? 0 : feeOf(rule));
}
