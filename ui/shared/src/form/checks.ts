/* Checks of single values, as src/web and src/service make them, so that a mistake is said while it is being made. Each
 * answers what is wrong, or null. */
import { shared as t } from "../texts";

export type Check = (value: string) => string | null;

export const mobile: Check = (v) => (/^1[3-9]\d{9}$/.test(v) ? null : t.checks.mobile);

export const email: Check = (v) =>
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]{2,}$/.test(v)
    ? null
    : t.checks.email;

/* GB 32100-2015: 18 characters, the last one checks. */
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const creditWeights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

export const creditCode: Check = (v) => {
  if (v.length !== 18) return t.checks.creditLength(v.length);
  const values = Array.from(v, (c) => creditAlphabet.indexOf(c));
  const odd = values.indexOf(-1);
  if (odd >= 0) return t.checks.creditCharacter(odd + 1, v[odd]);
  const sum = creditWeights.reduce((total, w, i) => total + w * values[i], 0);
  return (31 - (sum % 31)) % 31 === values[17] ? null : t.checks.creditCheck;
};

/* GB 11643-1999: 17 digits of place, birth and order, one that checks. */
const idWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

function realDay(year: number, month: number, day: number): boolean {
  const d = new Date(Date.UTC(year, month - 1, day));
  return (
    d.getUTCFullYear() === year && d.getUTCMonth() === month - 1 && d.getUTCDate() === day && d.getTime() < Date.now()
  );
}

export const idCard: Check = (v) => {
  if (!/^\d{17}[\dX]$/.test(v)) return t.checks.idLength(v.length);
  if (!realDay(+v.slice(6, 10), +v.slice(10, 12), +v.slice(12, 14))) return t.checks.idBirth;
  const sum = idWeights.reduce((total, w, i) => total + w * +v[i], 0);
  return "10X98765432"[sum % 11] === v[17] ? null : t.checks.idCheck;
};

const documents: Record<string, [RegExp, string]> = {
  passport: [/^[A-Z0-9]{5,17}$/, t.checks.passport],
  "hk-macao-permit": [/^[HM]\d{8}(\d{2})?$/, t.checks.hkMacao],
  "taiwan-permit": [/^\d{8}(\d{2})?$/, t.checks.taiwan],
};

export const documentNumber =
  (type: string): Check =>
  (v) => {
    if (type === "id-card") return idCard(v);
    const rule = documents[type];
    return !rule || rule[0].test(v) ? null : rule[1];
  };

export const taxNumber: Check = (v) => (/^[0-9A-Z]{15,20}$/.test(v) ? null : t.checks.taxNumber);
export const digits =
  (count: number): Check =>
  (v) =>
    new RegExp(`^\\d{${count}}$`).test(v) ? null : t.checks.digits(count);
export const waybill: Check = (v) => (/^[A-Z0-9]{8,20}$/.test(v) ? null : t.checks.waybill);
