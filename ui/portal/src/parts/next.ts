/* Where one goes after a task: to the next one that is not done, else back to the list. */
import { attachmentList, type Application } from "@api";
import { path, tasksOf, type TaskName } from "../application";
import { ruleOf } from "@shared/base/services";

export async function nextOf(a: Application, from: TaskName): Promise<string> {
  if (a.state !== "draft") return path(a.number);
  const [rule, list] = await Promise.all([ruleOf(a), attachmentList(a.number)]);
  const tasks = tasksOf(a, rule, list.items);
  const at = tasks.findIndex((x) => x.name === from);
  const next = tasks.slice(at + 1).find((x) => x.state === "todo" || x.state === "now");
  return next ? next.to : path(a.number);
}
