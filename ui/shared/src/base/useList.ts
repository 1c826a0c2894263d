/* A list read page by page; anew when something on it stands otherwise than it shows. */
import { useFresh } from "./fresh";
import { troubleFrom, type Trouble } from "./trouble";
import { reactive, ref, type Ref } from "vue";

export function useList<T>(fetch: (after?: string) => Promise<{ items: T[]; next?: string }>) {
  const items = ref([]) as Ref<T[]>;
  const next = ref<string | undefined>();
  const ready = ref(false);
  const trouble = ref<Trouble | null>(null);

  async function read(after?: string) {
    trouble.value = null;
    try {
      const page = await fetch(after);
      items.value = after ? [...items.value, ...page.items] : page.items;
      next.value = page.next;
      ready.value = true;
    } catch (e) {
      trouble.value = troubleFrom(e);
    }
  }

  useFresh(() => read());
  void read();
  return reactive({ items, next, ready, trouble, read, more: () => read(next.value) });
}
