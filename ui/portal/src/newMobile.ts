/* The evidence of another mobile number on its way from page to page, kept by the browser too: a reload does not ask for it
 * again. Of one account: whoever logs in after it in the same browser gets nothing of it. */
import { session } from "@shared/base/session";
import { drop, keep, kept } from "@shared/form/kept";

let chosen: { key: string; file: File } | null = null;
const key = () => `mobile-change.${session.value?.account ?? ""}`;

export async function evidenceTake(file: File): Promise<void> {
  chosen = { key: key(), file };
  await keep(key(), file);
}

export async function evidenceRead(): Promise<File | null> {
  return chosen?.key === key() ? chosen.file : kept(key());
}

export async function evidenceDrop(): Promise<void> {
  chosen = null;
  await drop(key());
}
