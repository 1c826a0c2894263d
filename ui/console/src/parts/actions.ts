/* What an entry of the audit trail says in words; a new one shows itself until it has words here. */
import { t } from "../texts";

export const actionWords = (action: string) => t.audit.actions[action] ?? action;
