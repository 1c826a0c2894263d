/* Whether a service is for somebody with these certificates, as far as a page can tell: "" or why not. The server looks
 * again when an application begins (src/service/standing.c). */
import type { Certificate, ServiceRule } from "@api";
import { dayText, now_s } from "@shared/base/words";
import { isReplacement } from "./application";
import { t } from "./texts";

const inHand = (c: Certificate) => c.purpose === "signing" && c.state !== "revoked";

/* A calendar month before the end (R-RENEW-1). */
function renewableFrom(c: Certificate): number {
  const end = new Date((c.not_after_s ?? 0) * 1000);
  const day = end.getDate();
  end.setMonth(end.getMonth() - 1);
  if (end.getDate() !== day) end.setDate(0);
  return Math.floor(end.getTime() / 1000);
}

/* WAITING: something approved waits for the USBKey, whatever certificate there is. */
export function standingOf(rule: ServiceRule, certificates: Certificate[], waiting: boolean): string {
  if (waiting && isReplacement(rule)) return "";
  const last = certificates.filter(inHand).sort((a, b) => (b.not_after_s ?? 0) - (a.not_after_s ?? 0))[0];
  const over = last && (last.not_after_s ?? 0) < now_s();
  if (!rule.about_certificate) return last && !over ? t.standing.has : "";
  if (!last) return t.standing.none;
  if (rule.service === "renew") {
    const from = renewableFrom(last);
    return now_s() < from ? t.standing.early(dayText(from)) : "";
  }
  if (rule.usbkey === "unlock") return last.medium === "usbkey" ? "" : t.standing.medium;
  if (rule.returns && last.medium !== "usbkey") return t.standing.returns;
  return over ? (t.standing.ended[rule.service] ?? t.standing.over) : "";
}
