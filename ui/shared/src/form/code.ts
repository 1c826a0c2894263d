/* A code by SMS that is under way: whose it is and when another may be asked for. Kept in this tab for as long as the code
 * holds, since who looks for the SMS on a phone may find the page loaded anew. */
import { onBeforeUnmount, reactive, ref } from "vue";
import { now_s } from "../base/clock";
import { draftDrop, draftRead, draftWrite } from "./drafts";

const holds_s = 300;
const pause_s = 60;

export function useCode(name: string) {
  const draft = `code.${name}`;
  const to = ref("");
  const wait_s = ref(0);
  let timer = 0;

  function follow(number: string, at_s: number) {
    const tick = () => {
      wait_s.value = Math.max(0, at_s + pause_s - now_s());
      if (!wait_s.value) clearInterval(timer);
    };
    to.value = number;
    clearInterval(timer);
    timer = window.setInterval(tick, 1000);
    tick();
  }
  function sent(number: string) {
    draftWrite(draft, { to: number, at_s: now_s() });
    follow(number, now_s());
  }
  /** It has done its work, or another number is meant. */
  function over() {
    to.value = "";
    draftDrop(draft);
  }

  const kept = draftRead<{ to: string; at_s: number }>(draft);
  if (kept && kept.at_s + holds_s > now_s()) follow(kept.to, kept.at_s);
  onBeforeUnmount(() => clearInterval(timer));
  return reactive({ to, wait_s, sent, over });
}
