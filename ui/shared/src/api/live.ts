/* What the server tells by itself (SSE), as pages use it. A line for it that breaks is shown (Shell.vue), and meanwhile the
 * page asks; it heals by itself. Events bear nothing: whoever hears one reads again, so that none is missed. */
import { onBeforeUnmount, ref } from "vue";

/* While it is broken the page asks this often; a stream that the server closed is tried anew as often. */
const ask_ms = 5000;

/** of the page that is open: whether it has to ask */
export const asking = ref(false);

export function useLive(address: string, changed: () => unknown): void {
  let events: EventSource;
  let timer = 0;

  function open() {
    events = new EventSource(address);
    events.addEventListener("change", () => void changed());
    events.onopen = healed;
    events.onerror = broken;
  }

  function healed() {
    window.clearInterval(timer);
    timer = 0;
    asking.value = false;
    void changed();
  }

  function broken() {
    asking.value = true;
    if (!timer) timer = window.setInterval(ask, ask_ms);
  }

  /* The browser tries a broken line again by itself, but not one on which the server refused. */
  function ask() {
    if (events.readyState === EventSource.CLOSED) open();
    void changed();
  }

  const seen = () => document.visibilityState === "visible" && void changed();
  const back = () => {
    if (events.readyState !== EventSource.OPEN) {
      events.close();
      open();
    }
    void changed();
  };
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", back);
  onBeforeUnmount(() => {
    events.close();
    window.clearInterval(timer);
    asking.value = false;
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", back);
  });
  open();
}
