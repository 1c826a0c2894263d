/* Where one goes after a task: to the next one that is not done, else back to the list. */
import type { Application, Attachment } from "@api";
import { path, tasksOf, type TaskName } from "../application";

export function nextOf(a: Application, list: Attachment[], from: TaskName): string {
  if (a.state !== "draft") return path(a.number);
  const tasks = tasksOf(a, list);
  const at = tasks.findIndex((x) => x.name === from);
  const next = tasks.slice(at + 1).find((x) => x.state === "todo" || x.state === "now");
  return next ? next.to : path(a.number);
}
