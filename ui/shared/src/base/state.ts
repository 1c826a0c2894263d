/* Which colour a state has. */
export function stateKind(state: string): "plain" | "good" | "waiting" | "bad" | "info" {
  if (["draft", "awaiting-payment", "awaiting-confirmation", "awaiting-return", "open"].includes(state))
    return "waiting";
  if (
    [
      "sent-back",
      "rejected",
      "lapsed",
      "cancelled",
      "revoked",
      "expired",
      "failed",
      "closed",
      "suspended",
      "held",
    ].includes(state)
  )
    return "bad";
  if (["produced", "shipped", "done", "valid", "paid", "sent", "opened"].includes(state)) return "good";
  return ["withdrawn", "replaced"].includes(state) ? "plain" : "info";
}
