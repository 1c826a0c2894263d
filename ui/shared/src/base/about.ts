/* The installation's brand, its one official address and whom to ask; asked once. */
import { ref } from "vue";
import { aboutGet, type About } from "@api";

export const about = ref<About | null>(null);
let asked: Promise<void> | null = null;

export function loadAbout(): Promise<void> {
  asked ??= aboutGet({ quiet: true }).then(
    (a) => void (about.value = a),
    () => void (asked = null),
  );
  return asked;
}
