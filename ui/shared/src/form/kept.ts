/* Files chosen and not yet received by the server: kept by the browser (IndexedDB) so that a reload, a lost line or an expired
 * login does not ask for them again. Gone when received, at log-out, and after a day. */
import { now_s } from "../base/clock";

const name = "hufu-uploads";
const day_ms = 86_400_000;

interface Kept {
  file: File;
  at: number;
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const asked = indexedDB.open(name, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("files");
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

async function withStore<T>(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const database = await open();
    return await new Promise<T>((done, fail) => {
      const transaction = database.transaction("files", mode);
      const asked = use(transaction.objectStore("files"));
      /* What is told to be kept outlives a page that is left at once. */
      transaction.oncomplete = () => done(asked.result);
      transaction.onabort = () => fail(transaction.error);
    }).finally(() => database.close());
  } catch {
    return undefined; /* private windows may have none: the upload works, it is only not kept */
  }
}

export const keep = (key: string, file: File) =>
  withStore("readwrite", (s) => s.put({ file, at: now_s() * 1000 }, key));
export const drop = (key: string) => withStore("readwrite", (s) => s.delete(key));
export const dropAll = () => withStore("readwrite", (s) => s.clear());

/* The file kept under KEY, unless the server RECEIVED one since then (seconds): its answer may have been lost. */
export async function kept(key: string, received_s = 0): Promise<File | null> {
  const found = (await withStore("readonly", (s) => s.get(key))) as Kept | undefined;
  if (!found) return null;
  if (now_s() * 1000 - found.at < day_ms && found.at > received_s * 1000) return found.file;
  await drop(key);
  return null;
}
