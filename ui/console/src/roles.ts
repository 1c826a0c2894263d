/* What an operator's roles let do; the server checks the same table (x-roles in api/openapi.json). */
import { session } from "@shared/base/session";

export type Role = "administrator" | "reviewer" | "producer" | "finance" | "auditor";

/* Where an operator begins: what the first role is for. */
export const home = () =>
  hasRole("reviewer")
    ? "/queue/review"
    : hasRole("producer")
      ? "/queue/approved"
      : hasRole("finance")
        ? "/finance/transfers"
        : hasRole("auditor")
          ? "/audit"
          : "/accounts";

export const hasRole = (...roles: Role[]) =>
  (session.value?.roles ?? "").split(",").some((r) => roles.includes(r.trim() as Role));
