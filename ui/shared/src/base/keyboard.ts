/* What holds for the keyboard on every page. */

/* A key held down presses once: what comes next on the page is not pressed by the same Enter. */
function pressOnce(e: KeyboardEvent): void {
  if (e.key === "Enter" && e.repeat && (e.target as Element).tagName !== "TEXTAREA") e.preventDefault();
}

const places = "section, article, form, dialog[open], main";

/* The keyboard is never lost: when what had it is gone from the page, the next place around it has it. */
function keepFocus(): void {
  let last: HTMLElement | null = null;
  let around: HTMLElement[] = [];
  document.addEventListener("focusin", (e) => {
    last = e.target as HTMLElement;
    around = [];
    for (let at = last.parentElement; at; at = at.parentElement) if (at.matches(places)) around.push(at);
  });
  /* Who presses beside everything wants it nowhere. */
  document.addEventListener("mousedown", () => (last = null), true);
  new MutationObserver(() => {
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    last = null;
    const next = around.find((x) => x.isConnected && x.getClientRects().length) ?? document.getElementById("main");
    if (next && !next.hasAttribute("tabindex")) next.tabIndex = -1;
    next?.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}

export function watchKeyboard(): void {
  document.addEventListener("keydown", pressOnce, true);
  keepFocus();
}
