/* Statistics in words, and as a file for a spreadsheet. */
import type { Statistic } from "@api";
import { shared } from "@shared/texts";
import { t } from "../texts";
import { csv } from "./csv";

export const monthly = ["submitted", "decided", "issued", "revoked", "received", "refunded"] as const;

/** The twelve months up to the one of DAY by Asia/Shanghai, oldest first: "2026-11". */
export function monthsUntil(day: Date): string[] {
  const there = new Date(day.getTime() + 8 * 3600_000);
  return Array.from({ length: 12 }, (_, i) => {
    const month = new Date(Date.UTC(there.getUTCFullYear(), there.getUTCMonth() - 11 + i, 1));
    return month.toISOString().slice(0, 7);
  });
}

const words: Record<Statistic["measure"], Record<string, string>> = {
  certificates: shared.certificateStates,
  open: shared.states,
  submitted: shared.service,
  decided: t.statistics.decided,
  issued: shared.media,
  revoked: t.certificates.reasons,
  received: t.finance.methods,
  refunded: t.finance.methods,
};
export const aboutWords = (s: Statistic) => words[s.measure][s.about] ?? s.about;

export function toCsv(rows: Statistic[]): Blob {
  const lines = rows.map((r) => [
    t.statistics.measures[r.measure],
    aboutWords(r),
    r.month === "now" ? t.statistics.now : r.month,
    String(r.count),
    r.fen ? (r.fen / 100).toFixed(2) : "",
  ]);
  return csv([Object.values(t.statistics.columns), ...lines]);
}
