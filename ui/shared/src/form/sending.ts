/* A file on its way in one request: how far it is, and how to stop it. */
import { reactive } from "vue";
import type { CallOptions } from "../api/call";
import { sizeText } from "../base/words";
import { shared } from "../texts";

export function useSending() {
  let stopper: AbortController | null = null;
  const sending = reactive({
    going: false,
    percent: 0,
    words: "",
    stop: () => stopper?.abort(),
    /** ACTION with what it is to hand to its call */
    async run<T>(action: (options: CallOptions) => Promise<T>): Promise<T> {
      stopper = new AbortController();
      tell(0, 0);
      sending.going = true;
      try {
        return await action({ signal: stopper.signal, onProgress: tell });
      } finally {
        sending.going = false;
      }
    },
  });

  /* All sent is not all: then it is looked at. */
  function tell(sent: number, total: number) {
    sending.percent = total ? Math.floor((sent * 100) / total) : 0;
    sending.words =
      total && sent >= total
        ? shared.scan.checking
        : shared.scan.sending(sizeText(sent), sizeText(total), sending.percent);
  }

  return sending;
}

export type Sending = ReturnType<typeof useSending>;
