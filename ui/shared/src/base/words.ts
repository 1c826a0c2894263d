/* Dates, money and sizes as pages show them; days are those of Asia/Shanghai, whatever the computer is set to. */
import { shared as t } from "../texts";

export { now_s } from "./clock";

const zone = "Asia/Shanghai";
const day = new Intl.DateTimeFormat("zh-CN", { timeZone: zone, year: "numeric", month: "long", day: "numeric" });
const dayOfWeek = new Intl.DateTimeFormat("zh-CN", { timeZone: zone, month: "long", day: "numeric", weekday: "short" });
const minute = new Intl.DateTimeFormat("zh-CN", {
  timeZone: zone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const second = new Intl.DateTimeFormat("zh-CN", {
  timeZone: zone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

const date = (s: number) => new Date(s * 1000);

export const dayText = (s?: number) => (s ? day.format(date(s)) : "");
export const weekdayText = (s?: number) => (s ? dayOfWeek.format(date(s)) : "");
export const minuteText = (s?: number) => (s ? minute.format(date(s)).replace(/\//g, "-") : "");
export const secondText = (s?: number) => (s ? second.format(date(s)).replace(/\//g, "-") : "");

/* 3 天 4 小时, 50 分钟 */
export function spanText(seconds: number): string {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  if (minutes < 60) return t.span.minutes(Math.max(1, minutes));
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? t.span.hours(hours) : t.span.days(Math.floor(hours / 24));
}

export const yuan = (fen: number) => (fen / 100).toLocaleString("zh-CN", { minimumFractionDigits: fen % 100 ? 2 : 0 });

export function sizeText(bytes: number): string {
  return bytes < 1_000_000
    ? `${Math.max(bytes ? 1 : 0, Math.round(bytes / 1000))} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/* 20261124 0000 0001 7: numbers in groups can be read out and compared. */
export const numberText = (n: string) => n.replace(/^(\d{8})(\d{4})(\d{4})(\d)$/, "$1 $2 $3 $4");
export const serialText = (hex: string) => hex.toUpperCase().replace(/(.{4})(?=.)/g, "$1 ");
