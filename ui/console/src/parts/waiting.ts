/* How many certificates wait to be revoked, for the menu: asked for now and then while somebody works here. */
import { revocationList, type RevocationWish } from "@api";
import { ref } from "vue";

const patience_ms = 60_000;
let read_ms = 0;

export const wishesWaiting = ref(0);

export async function readWishes(): Promise<{ items: RevocationWish[] }> {
  const page = await revocationList();
  read_ms = Date.now();
  wishesWaiting.value = page.items.length;
  return page;
}

/* That it cannot be told now is no trouble of the page that is shown. */
export function lookForWishes(): void {
  if (Date.now() - read_ms < patience_ms) return;
  read_ms = Date.now();
  readWishes().catch(() => undefined);
}
