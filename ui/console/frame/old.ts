/* What pdf.js takes for granted and Chromium 80 does not have; its legacy build brings along the rest. Before pdf.js. */

function define(owner: object, name: string, value: (...args: never[]) => unknown) {
  if (!(name in owner)) Object.defineProperty(owner, name, { value, writable: true, configurable: true });
}

function at(this: ArrayLike<unknown>, index: number) {
  const i = Math.trunc(index) || 0;
  return this[i < 0 ? this.length + i : i];
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
for (const owner of [Array.prototype, String.prototype, typedArray]) define(owner, "at", at);

for (const owner of [Array.prototype, typedArray])
  define(owner, "findLast", function (this: ArrayLike<unknown>, fits: (x: unknown) => boolean) {
    for (let i = this.length - 1; i >= 0; i--) if (fits(this[i])) return this[i];
    return undefined;
  });

define(
  String.prototype,
  "replaceAll",
  function (this: string, what: string | RegExp, by: string | ((found: string) => string)) {
    if (typeof what !== "string") return this.replace(what, by as string);
    return this.split(what).join(typeof by === "string" ? by : by(what));
  },
);

define(Object, "hasOwn", (of: object, name: string) => Object.prototype.hasOwnProperty.call(of, name));

for (const owner of [Element.prototype, Document.prototype, DocumentFragment.prototype])
  define(owner, "replaceChildren", function (this: ParentNode, ...nodes: Node[]) {
    while (this.lastChild) this.removeChild(this.lastChild);
    this.append(...nodes);
  } as (...args: never[]) => unknown);
