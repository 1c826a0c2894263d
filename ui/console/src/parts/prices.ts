/* Prices in words. */
import type { Price } from "@api";
import { yuan } from "@shared/base/words";
import { shared } from "@shared/texts";
import { t } from "../texts";

const x = t.settings.tariff;

export const priceName = (service: string, item: string) =>
  `${(shared.service as Record<string, string>)[service] ?? service} · ${x.items[item] ?? item}`;
export const priceText = (p: Price) => (p.amount_fen ? `${yuan(p.amount_fen)} ${x.units[p.unit] ?? "元"}` : x.free);
/* "apply/certificate", as changes name it. */
export const priceOf = (name: string) => priceName(name.split("/")[0]!, name.split("/")[1] ?? "");
