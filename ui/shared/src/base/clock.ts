/* The server's time: the clock of a computer may be hours off, and what ends in five minutes does so by the server's. */
let ahead_ms = 0;

/* DATE is an answer's, to the second; what the line took does not count. */
export function learnTime(date: string | null): void {
  const server_ms = Date.parse(date ?? "");
  if (server_ms) ahead_ms = Math.abs(server_ms - Date.now()) < 2000 ? 0 : server_ms - Date.now();
}

export const now_s = () => Math.floor((Date.now() + ahead_ms) / 1000);
