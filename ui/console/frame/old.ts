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

/* As the browser's own clones what pdf.js sends itself: data; what is none (a bitmap) is handed on. */
function clone<T>(value: T, known: Map<unknown, unknown>): T {
  const from: unknown = value;
  if (typeof from !== "object" || from === null) return value;
  if (known.has(from)) return known.get(from) as T;
  let to: unknown = from;
  if (from instanceof ArrayBuffer) to = from.slice(0);
  else if (from instanceof DataView) to = new DataView(clone(from.buffer, known), from.byteOffset, from.byteLength);
  else if (ArrayBuffer.isView(from)) to = (from as Uint8Array).slice();
  else if (from instanceof Date) to = new Date(from);
  else if (from instanceof Error) to = Object.assign(new Error(from.message), { name: from.name, stack: from.stack });
  else if (from instanceof Map) to = new Map();
  else if (from instanceof Set) to = new Set();
  else if (Array.isArray(from)) to = [];
  else if ([Object.prototype, null].includes(Object.getPrototypeOf(from))) to = {};
  known.set(from, to);
  if (from instanceof Map) from.forEach((v, k) => (to as Map<unknown, unknown>).set(clone(k, known), clone(v, known)));
  else if (from instanceof Set) from.forEach((v) => (to as Set<unknown>).add(clone(v, known)));
  else if (to !== from && (Array.isArray(from) || !(from instanceof Object) || from.constructor === Object))
    for (const name of Object.keys(from)) (to as Record<string, unknown>)[name] = clone((from as never)[name], known);
  return to as T;
}

define(window, "structuredClone", (value: unknown, options?: { transfer?: Transferable[] }) =>
  clone(value, new Map((options?.transfer ?? []).map((x) => [x, x]))),
);
