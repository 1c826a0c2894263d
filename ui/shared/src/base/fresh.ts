/* Two people, or two tabs, at the same thing: a write that is refused because things stand otherwise by now (409) has the page
 * read anew, and so does coming back to its tab. Who is refused is told by the form that sent it. */
import { onBeforeUnmount } from "vue";

const readers = new Set<() => unknown>();

export function readAnew(): void {
  readers.forEach((read) => void read());
}

/* READ of a page; BACK: also when its tab is looked at again. */
export function useFresh(read: () => unknown, back = false): void {
  const seen = () => document.visibilityState === "visible" && void read();
  readers.add(read);
  if (back) document.addEventListener("visibilitychange", seen);
  onBeforeUnmount(() => {
    readers.delete(read);
    document.removeEventListener("visibilitychange", seen);
  });
}
