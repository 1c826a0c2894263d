/* USBKeys as pages see them: which ones are plugged in, found again every second or two while a page waits for one, and an
 * agent's refusal in the words of everything else that goes wrong. */
import { AgentError, HufuAgent, type AgentErrorKind, type AgentKey } from "@agent";
import { computed, nextTick, onBeforeUnmount, reactive, ref } from "vue";
import { about, loadAbout } from "../base/about";
import { Trouble, troubleFrom } from "../base/trouble";
import { shared as t } from "../texts";

export type { AgentKey };

export class KeyTrouble extends Trouble {
  constructor(
    readonly kind: AgentErrorKind,
    message: string,
    hint: string,
    detail?: string,
    requestId?: string,
    readonly triesLeft?: number,
  ) {
    super(message, hint, detail, undefined, requestId);
  }
}

export function keyTrouble(thrown: unknown): Trouble | null {
  if (!(thrown instanceof AgentError)) return troubleFrom(thrown);
  if (thrown.kind === "aborted") return null;
  return new KeyTrouble(thrown.kind, thrown.message, thrown.hint, thrown.detail || undefined, thrown.requestId || undefined, thrown.triesLeft);
}

let one: HufuAgent | null = null;

/* The agent of this computer; an installation may have told it another port. */
export async function agent(): Promise<HufuAgent> {
  if (!one) {
    await loadAbout();
    const port = /:(\d+)$/.exec(about.value?.agent ?? "")?.[1];
    one = new HufuAgent(port ? { port: Number(port) } : {});
  }
  return one;
}

export const signingCertificate = (key: AgentKey) => key.certificates.find((c) => c.purpose === "signing");
/* A key made for a holder or operator: it has a certificate to sign with. */
export const canSign = (key: AgentKey) => Boolean(signingCertificate(key));
export const isBlank = (key: AgentKey) => key.state === "blank";

/* The holder's name out of the certificate's subject. */
export function nameOn(key: AgentKey): string {
  const subject = signingCertificate(key)?.subject ?? "";
  return /(?:^|,)\s*CN=((?:\\.|[^,])*)/.exec(subject)?.[1]?.replace(/\\(.)/g, "$1") ?? subject;
}

const pause_ms = 1500;

/* Looks for USBKeys that FIT until the page is left. What is chosen stays chosen while it is plugged in. */
export function useKeys(fits: (key: AgentKey) => boolean) {
  const keys = ref<AgentKey[]>([]);
  const known = ref(false);
  const pin = ref<"window" | "page">("window");
  const trouble = ref<KeyTrouble | Trouble | null>(null);
  const chosenId = ref("");
  let over = false;
  let timer = 0;

  const fitting = computed(() => keys.value.filter(fits));
  const chosen = computed(() => fitting.value.find((k) => k.key === chosenId.value) ?? (fitting.value.length === 1 ? fitting.value[0] : null));

  async function look() {
    clearTimeout(timer);
    try {
      const a = await agent();
      if (!known.value) pin.value = (await a.hello()).pin;
      keys.value = await a.keys();
      known.value = true;
      trouble.value = null;
    } catch (e) {
      keys.value = [];
      trouble.value = keyTrouble(e);
    }
    /* An agent that is not there is asked for again when the person says so: each try is a line in the browser's console. */
    if (!over && !trouble.value && document.visibilityState === "visible") timer = window.setTimeout(look, pause_ms);
  }

  const seen = () => document.visibilityState === "visible" && void look();
  document.addEventListener("visibilitychange", seen);
  onBeforeUnmount(() => {
    over = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  });
  void look();

  return reactive({ keys, fitting, chosen, chosenId, known, pin, trouble, look, words: t.agent });
}

/* The keyboard goes to what a chosen key asks for; but who goes from key to key with the arrows is not taken away from
 * there: the field is the next stop. */
export async function focusAfterKey(id: string): Promise<void> {
  await nextTick();
  const at = document.activeElement as HTMLInputElement | null;
  if (at?.name !== "usbkey") document.getElementById(id)?.focus();
}

export type Keys = ReturnType<typeof useKeys>;
