/* Many applications one after the other: which were picked, what is done, what was left out and why. Kept in this tab, so
 * that a reload goes on where it was; what the server knows counts, and this is only the order of work. */
import { draftDrop, draftRead, draftWrite } from "@shared/form/drafts";
import { computed, reactive, watch } from "vue";

interface Kept {
  numbers: string[];
  names: Record<string, string>;
  done: Record<string, string>;
  left: Record<string, string>;
}
const nothing = (): Kept => ({ numbers: [], names: {}, done: {}, left: {} });

export function useBatch(name: string) {
  const draft = `batch.${name}`;
  const state = reactive<Kept>(draftRead<Kept>(draft) ?? nothing());
  watch(state, () => (state.numbers.length ? draftWrite(draft, state) : draftDrop(draft)));

  const waiting = computed(() => state.numbers.filter((n) => !(n in state.done) && !(n in state.left)));
  const doneNumbers = computed(() => state.numbers.filter((n) => n in state.done));
  const leftNumbers = computed(() => state.numbers.filter((n) => n in state.left));

  return reactive({
    state,
    waiting,
    doneNumbers,
    leftNumbers,
    active: computed(() => state.numbers.length > 0),
    over: computed(() => state.numbers.length > 0 && waiting.value.length === 0),
    begin: (picked: { number: string; name: string }[]) =>
      void Object.assign(state, nothing(), {
        numbers: picked.map((p) => p.number),
        names: Object.fromEntries(picked.map((p) => [p.number, p.name])),
      }),
    /** WHAT came of it: a USBKey's or a waybill's number */
    done: (number: string, what: string) => {
      state.done[number] = what;
      delete state.left[number];
    },
    leave: (number: string, why: string) => void (state.left[number] = why),
    /** those left out come again, after the others */
    again: () => {
      const numbers = [...state.numbers.filter((n) => !(n in state.left)), ...Object.keys(state.left)];
      Object.assign(state, { numbers, left: {} });
    },
    end: () => void Object.assign(state, nothing()),
  });
}

export type Batch = ReturnType<typeof useBatch>;
