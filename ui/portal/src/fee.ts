/* What a service costs by the tariff in force. An application knows its own fee only from its submission on. */
import { tariffList, type Application } from "@api";

const items: Record<string, string> = { apply: "certificate", renew: "certificate", lost: "usbkey" };

export async function feeOf(service: string): Promise<number> {
  const tariff = await tariffList();
  return tariff.items.find((i) => i.service === service && i.item === items[service])?.amount_fen ?? 0;
}

export async function owed(a: Application): Promise<number> {
  return a.started_s ? 0 : a.fee_fen || feeOf(a.service);
}
