/* A browser without what came after Chromium 80: run in every page before its own scripts, so that whatever a page does in
 * any test it does without. What cannot be taken away, syntax and CSS, built.test.mjs looks for in what was built. */
const later = {
  "Array.prototype": "at findLast findLastIndex toReversed toSorted toSpliced with",
  Array: "fromAsync",
  "String.prototype": "at replaceAll isWellFormed toWellFormed",
  "Uint8Array.prototype.__proto__": "at findLast findLastIndex toReversed toSorted with",
  Object: "hasOwn groupBy",
  Map: "groupBy",
  Promise: "any withResolvers try",
  "Set.prototype": "union intersection difference symmetricDifference isSubsetOf isSupersetOf isDisjointFrom",
  "ArrayBuffer.prototype": "transfer transferToFixedLength resize",
  Intl: "DisplayNames Segmenter DurationFormat supportedValuesOf",
  crypto: "randomUUID",
  "AbortSignal.prototype": "throwIfAborted reason",
  AbortSignal: "abort timeout any",
  Response: "json",
  URL: "canParse parse",
  "Element.prototype": "replaceChildren checkVisibility setHTMLUnsafe getHTML ariaNotify",
  "Document.prototype": "replaceChildren startViewTransition",
  "DocumentFragment.prototype": "replaceChildren",
  "HTMLElement.prototype": "showPopover hidePopover togglePopover popover inert",
  "HTMLInputElement.prototype": "showPicker",
  "HTMLDialogElement.prototype": "closedBy requestClose",
  "Navigator.prototype": "userAgentData virtualKeyboard",
  window:
    "structuredClone reportError WeakRef FinalizationRegistry AggregateError scheduler URLPattern Iterator EyeDropper " +
    "navigation Navigation cookieStore CookieStore trustedTypes SuppressedError ToggleEvent CommandEvent Highlight",
};

/** Handed to addInitScript: takes LATER away from the page. */
export const takeAway = [
  (names) => {
    for (const [owner, list] of Object.entries(names)) {
      const at = owner.split(".").reduce((o, part) => (part === "window" ? o : o?.[part]), window);
      for (const name of at ? list.split(" ") : []) delete at[name];
    }
  },
  later,
];

/** Of the list, by name: for whoever looks for them in a source. */
export const laterNames = Object.values(later).join(" ").split(" ");
