/* What an entry of the audit trail says in words; a new one shows itself until it has words here. */
import { shared } from "@shared/texts";
import { t } from "../texts";

export const actionWords = (action: string) => t.audit.actions[action] ?? action;

/* Its detail: states, services and media by their names on pages; the rest as it was written. */
export function detailWords(detail?: string): string {
  if (!detail || detail === "-") return "";
  const named = { ...shared.service, ...shared.media, ...shared.states } as Record<string, string>;
  return detail
    .split(" → ")
    .map((part) => part.replace(/^[a-z-]+(?=$|[：: ])/, (name) => named[name] ?? name))
    .join(" → ");
}
