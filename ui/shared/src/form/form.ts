/* A form: values kept as a draft while they are typed, checked before they are sent, and a refusal of the server put beside
 * the field that it names. Nothing is checked while somebody types or leaves a field: words that come and go there move
 * the button away under the pointer (GOV.UK: validation). */
import { computed, nextTick, reactive, ref, watch } from "vue";
import { Trouble, troubleFrom } from "../base/trouble";
import { shared as t } from "../texts";
import type { Check } from "./checks";
import { draftDrop, draftRead, draftWrite } from "./drafts";

export interface FieldRule {
  label: string;
  /** the verb of its message: 请填写…, 请选择… */
  choose?: boolean;
  optional?: boolean;
  /** said when nothing was given, where the usual words do not fit */
  missing?: string;
  max?: number;
  check?: Check;
  /** changes what was typed into what is meant, such as capital letters */
  tidy?: (value: string) => string;
}

export interface FormError {
  field: string;
  message: string;
}

export const upper = (v: string) => v.toUpperCase();
export const noSpace = (v: string) => v.replace(/\s+/g, "");

const tidied = (rule: FieldRule, value: string) => (rule.tidy ? rule.tidy(value.trim()) : value.trim());

function fault(rule: FieldRule, value: string): string | null {
  if (!value)
    return rule.optional
      ? null
      : rule.missing
        ? rule.missing
        : rule.choose
          ? t.checks.choose(rule.label)
          : t.checks.missing(rule.label);
  if (rule.max && Array.from(value).length > rule.max) return t.checks.long(rule.label, rule.max);
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(value)) return t.checks.control(rule.label);
  return rule.check ? rule.check(value) : null;
}

export function useForm<K extends string>(options: {
  /** of the draft; null: what is typed is not kept (codes, PINs), or stands in the address (searches) */
  draft: string | null;
  rules: Record<K, FieldRule> | ((values: Record<K, string>) => Record<K, FieldRule>);
  initial: Record<K, string>;
}) {
  const kept = options.draft ? draftRead<Record<K, string>>(options.draft) : null;
  const values = reactive({ ...options.initial, ...kept }) as Record<K, string>;
  const rules = () => (typeof options.rules === "function" ? options.rules(values) : options.rules);
  const errors = reactive({}) as Partial<Record<K, string>>;
  const trouble = ref<Trouble | null>(null);
  const busy = ref(false);
  const summary = ref<{ focus: () => void } | null>(null);

  const empty = JSON.stringify(options.initial);
  if (options.draft)
    watch(values, () => (JSON.stringify(values) === empty ? done() : draftWrite(options.draft!, values)));

  /** What was typed has done its work. */
  function done() {
    if (options.draft) draftDrop(options.draft);
  }

  const list = computed<FormError[]>(() =>
    (Object.keys(rules()) as K[]).filter((k) => errors[k]).map((k) => ({ field: k, message: errors[k]! })),
  );

  function clear() {
    (Object.keys(errors) as K[]).forEach((k) => delete errors[k]);
    trouble.value = null;
  }

  function checkField(name: K) {
    values[name] = tidied(rules()[name], values[name]);
    const message = fault(rules()[name], values[name]);
    if (message) errors[name] = message;
    else delete errors[name];
  }

  async function showSummary() {
    await nextTick();
    summary.value?.focus();
  }

  function take(thrown: unknown) {
    const e = troubleFrom(thrown);
    if (!e) return;
    if (e.field && e.field in rules()) errors[e.field as K] = e.detail ? `${e.message}：${e.detail}` : e.message;
    else trouble.value = e;
  }

  /** Whether all is filled in as it should be; what is not is shown. For what ends elsewhere, which then says done(). */
  async function check(): Promise<boolean> {
    clear();
    (Object.keys(rules()) as K[]).forEach(checkField);
    if (list.value.length) await showSummary();
    return !list.value.length;
  }

  /** Checks, then does ACTION once; a second press while it runs does nothing. */
  async function submit(action: (values: Record<K, string>) => Promise<unknown>): Promise<boolean> {
    if (busy.value || !(await check())) return false;
    busy.value = true;
    try {
      await action({ ...values });
      done();
      return true;
    } catch (e) {
      take(e);
      await showSummary();
      return false;
    } finally {
      busy.value = false;
    }
  }

  return reactive({ values, errors, trouble, busy, summary, list, check, submit, done, clear });
}

/* A button's action: not twice at a time, its trouble kept for the page to show. */
export function useAction() {
  const busy = ref(false);
  const trouble = ref<Trouble | null>(null);
  async function run<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (busy.value) return undefined;
    busy.value = true;
    trouble.value = null;
    try {
      return await action();
    } catch (e) {
      trouble.value = troubleFrom(e);
      return undefined;
    } finally {
      busy.value = false;
    }
  }
  return reactive({ busy, trouble, run });
}
