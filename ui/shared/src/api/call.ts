/* One call to the API, with what a page over a bad line needs: the same Idempotency-Key for the same content until an
 * answer is known, a few tries again where the server or the line says that this is safe, and one kind of error. */
import type { ErrorName } from "@errors";
import { learnTime } from "../base/clock";
import { readAnew } from "../base/fresh";
import { Trouble } from "../base/trouble";
import { shared as t } from "../texts";

export interface CallOptions {
  signal?: AbortSignal;
  onProgress?: (sent: number, total: number) => void;
  /** LOGIN_NEEDED is an answer like others: nobody is sent to the login page. */
  quiet?: boolean;
}

interface CallParts {
  body?: unknown;
  file?: Blob;
  /** of the file */
  type?: string;
  headers?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
  answer: "json" | "blob" | "none";
}

export class ApiTrouble extends Trouble {
  constructor(
    readonly status: number,
    readonly name: ErrorName | "OFFLINE" | "TIMEOUT",
    words: { message: string; hint: string; detail?: string; field?: string; request_id?: string },
  ) {
    super(words.message, words.hint, words.detail, words.field, words.request_id);
  }
}

const tries = 3;
const patience_ms = 30_000;
const pauses_ms = [400, 1200];

/* Keys of writes whose outcome is not known yet: pressing the button again must not do the thing twice. */
const openKeys = new Map<string, string>();

let loginNeeded: (() => void) | null = null;

export function onLoginNeeded(handler: () => void): void {
  loginNeeded = handler;
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

interface Answer {
  status: number;
  body: Blob;
}

/* XMLHttpRequest and not fetch: it alone tells how much of an upload is sent. */
function send(method: string, target: string, parts: CallParts, key: string | null, options: CallOptions) {
  return new Promise<Answer>((done, fail) => {
    const request = new XMLHttpRequest();
    request.open(method, target);
    request.responseType = "blob";
    request.setRequestHeader("Accept-Language", document.documentElement.lang || "zh-CN");
    if (key) request.setRequestHeader("Idempotency-Key", key);
    if (parts.body !== undefined) request.setRequestHeader("Content-Type", "application/json");
    if (parts.file) request.setRequestHeader("Content-Type", parts.type ?? "application/octet-stream");
    for (const [name, value] of Object.entries(parts.headers ?? {})) request.setRequestHeader(name, value);
    if (!parts.file) request.timeout = patience_ms;
    if (options.onProgress) request.upload.onprogress = (e) => options.onProgress!(e.loaded, e.total);
    request.onload = () => {
      learnTime(request.getResponseHeader("Date"));
      done({ status: request.status, body: request.response as Blob });
    };
    request.onerror = () => fail(new ApiTrouble(0, "OFFLINE", t.offline));
    request.ontimeout = () => fail(new ApiTrouble(0, "TIMEOUT", t.timeout));
    request.onabort = () => fail(new DOMException("", "AbortError"));
    options.signal?.addEventListener("abort", () => request.abort());
    request.send(parts.file ?? (parts.body === undefined ? null : JSON.stringify(parts.body)));
  });
}

const textOf = (blob: Blob) => new Response(blob).text();

async function troubleOf(answer: Answer): Promise<ApiTrouble> {
  try {
    const e = JSON.parse(await textOf(answer.body));
    if (typeof e.message === "string") return new ApiTrouble(answer.status, e.name, e);
  } catch {
    /* not ours: a proxy's page */
  }
  return new ApiTrouble(
    answer.status,
    answer.status >= 500 ? "TIMEOUT" : "INTERNAL",
    answer.status >= 500 ? t.timeout : t.strange,
  );
}

const mayAgain = (e: unknown) =>
  e instanceof ApiTrouble && (e.status === 0 || e.status === 503 || e.name === "IDEMPOTENCY_RUNNING");

async function once(method: string, target: string, parts: CallParts, key: string | null, options: CallOptions) {
  const answer = await send(method, target, parts, key, options);
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw await troubleOf(answer);
}

export async function call<T>(method: string, path: string, parts: CallParts, options: CallOptions = {}): Promise<T> {
  const query = Object.entries(parts.query ?? {}).filter(([, v]) => v !== undefined && v !== "");
  const target = path + (query.length ? "?" + query.map(([k, v]) => `${k}=${encodeURIComponent(v!)}`).join("&") : "");
  const content = `${method} ${target} ${JSON.stringify(parts.body)}`;
  const key = method === "GET" ? null : (!parts.file && openKeys.get(content)) || randomKey();
  if (key && !parts.file) openKeys.set(content, key);
  for (let i = 0; ; i++) {
    try {
      const answer = await once(method, target, parts, key, options);
      openKeys.delete(content);
      if (parts.answer === "none") return undefined as T;
      return (parts.answer === "blob" ? answer.body : JSON.parse(await textOf(answer.body))) as T;
    } catch (e) {
      if (i + 1 < tries && mayAgain(e) && !options.signal?.aborted) {
        await pause(pauses_ms[i]);
        continue;
      }
      if (e instanceof ApiTrouble && e.status > 0 && e.status < 500) openKeys.delete(content);
      if (e instanceof ApiTrouble && (e.name === "LOGIN_NEEDED" || e.name === "SESSION_OVER") && !options.quiet)
        loginNeeded?.();
      if (e instanceof ApiTrouble && e.status === 409) readAnew();
      throw e;
    }
  }
}
