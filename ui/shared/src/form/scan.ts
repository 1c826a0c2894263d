/* A scan as it is chosen: what the server would refuse at once is said at once; it has the last word. */
import { sizeText } from "../base/words";
import { shared } from "../texts";

const limit = 20_000_000;
const t = shared.scan;

export const scanTypes = ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png";

/* The first bytes, as the server looks at them. */
async function looksRight(file: File): Promise<boolean> {
  const b = new Uint8Array(await new Response(file.slice(0, 8)).arrayBuffer());
  const starts = (...bytes: number[]) => bytes.every((x, i) => b[i] === x);
  return starts(0x25, 0x50, 0x44, 0x46) || starts(0xff, 0xd8, 0xff) || starts(0x89, 0x50, 0x4e, 0x47);
}

/* What is wrong with it, or null. */
export async function scanFault(file: File): Promise<string | null> {
  if (file.size === 0) return t.empty;
  if (file.size > limit) return t.large(sizeText(file.size));
  return (await looksRight(file).catch(() => false)) ? null : t.wrongType;
}
