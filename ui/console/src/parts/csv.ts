/* Lines as a file that spreadsheets open: RFC 4180, with the mark by which they see that it is UTF-8. What begins like a
 * formula is kept from being one. */
const cell = (v: string) => `"${(/^[=+\-@\t]/.test(v) ? "'" + v : v).replace(/"/g, '""')}"`;

export const csv = (lines: string[][]): Blob =>
  new Blob(["\ufeff", lines.map((line) => line.map(cell).join(",") + "\r\n").join("")], { type: "text/csv" });
