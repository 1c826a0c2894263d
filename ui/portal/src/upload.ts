/* A scan goes to the server in pieces. The server says how far it came, whoever asks: after a broken line, a reload, in
 * another browser. What it is known by is its size and its SM3 hash, so that the same file chosen again goes on. */
import { uploadAppend, uploadBegin, uploadFinish, type Attachment, type UploadBegin } from "@api";
import { ApiTrouble } from "@shared/api/call";
import { Sm3 } from "@shared/base/sm3";
import { Trouble } from "@shared/base/trouble";
import { t } from "./texts";

/* Of a piece: as long as the line carries in a few seconds. The server takes none below 64,000 but the last. */
const piece_min = 131_072;
const piece_start = 262_144;
const piece_max = 2_097_152;
const quick_ms = 1000;
const slow_ms = 5000;

/* How often another page may have been quicker, or an answer lost, before somebody is told. */
const turns_max = 20;

export type Step = "reading" | "sending" | "checking";

export interface Progress {
  step: Step;
  /** bytes that the server has confirmed */
  arrived: number;
  /** and those of the piece on its way */
  sent: number;
}

interface Options {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/* What the disk says now: a file that was moved, changed or taken away since it was chosen cannot be read. */
async function read(file: Blob, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (signal.aborted) throw new DOMException("", "AbortError");
  try {
    return new Uint8Array(await new Response(file).arrayBuffer());
  } catch {
    throw new Trouble(t.materials.unreadable.message, t.materials.unreadable.hint);
  }
}

async function hashOf(file: File, signal: AbortSignal): Promise<string> {
  const sm3 = new Sm3();
  for (let at = 0; at < file.size; at += piece_max) sm3.update(await read(file.slice(at, at + piece_max), signal));
  return sm3.hex();
}

/* Sends what is missing from OFFSET on. */
async function sendFrom(number: string, id: string, file: File, offset: number, { signal, onProgress }: Options) {
  let length = piece_start;
  while (offset < file.size) {
    const piece = await read(file.slice(offset, offset + length), signal);
    const began = Date.now();
    const arrived = offset;
    const told = (sent: number) =>
      onProgress({ step: "sending", arrived, sent: arrived + Math.min(sent, piece.length) });
    told(0);
    const upload = await uploadAppend(number, id, new Blob([piece]), String(offset), { signal, onProgress: told });
    offset = upload.offset;
    const took = Date.now() - began;
    if (took < quick_ms) length = Math.min(piece_max, length * 2);
    else if (took > slow_ms) length = Math.max(piece_min, length / 2);
  }
  onProgress({ step: "checking", arrived: file.size, sent: file.size });
}

const isBehind = (e: unknown) => e instanceof ApiTrouble && ["UPLOAD_OFFSET", "UPLOAD_SHORT"].includes(e.name);

export async function uploadScan(
  number: string,
  kind: UploadBegin["kind"],
  file: File,
  options: Options,
): Promise<Attachment> {
  options.onProgress({ step: "reading", arrived: 0, sent: 0 });
  const begun = { kind, size: file.size, sm3: await hashOf(file, options.signal) };
  for (let turn = 1; ; turn++) {
    const upload = await uploadBegin(number, begun, { signal: options.signal });
    try {
      await sendFrom(number, upload.id, file, upload.offset, options);
      return await uploadFinish(number, upload.id, { signal: options.signal });
    } catch (e) {
      if (!isBehind(e) || turn === turns_max) throw e;
    }
  }
}
