/* What of a queue somebody looks at, and in which order (R-OPS-1). Kept while the tab is open, so that the one that comes
 * after a decision is of the same. */
import { queueList, type QueueItem } from "@api";
import { now_s } from "@shared/base/words";
import { reactive } from "vue";

export const nothingWanted = () => ({ text: "", service: "", late: "", order: "" });
export const wish = reactive(nothingWanted());

export const isLate = (x: QueueItem, now: number) => Boolean(x.due_s) && x.due_s! < now;

export function wanted(items: QueueItem[], now: number): QueueItem[] {
  const text = wish.text.trim().toLowerCase();
  const digits = text.replace(/ /g, "");
  const has = (x: QueueItem) =>
    [x.holder_name, x.organization_name].some((v) => v?.toLowerCase().includes(text)) ||
    (/^\d+$/.test(digits) && x.number.includes(digits));
  const found = items.filter(
    (x) => (!wish.service || x.service === wish.service) && (!wish.late || isLate(x, now)) && (!text || has(x)),
  );
  /* As the server has them: the most urgent first. */
  if (wish.order === "submitted") found.sort((a, b) => (a.submitted_s ?? 0) - (b.submitted_s ?? 0));
  if (wish.order === "organization")
    found.sort((a, b) => (a.organization_name ?? "").localeCompare(b.organization_name ?? "", "zh-CN"));
  return found;
}

/** the one that waits for a reviewer next, beside NUMBER; null: none, of those that are looked at */
export async function nextAfter(number: string): Promise<string | null> {
  const { items } = await queueList({ state: "review" });
  return wanted(items, now_s()).find((x) => x.number !== number)?.number ?? null;
}
