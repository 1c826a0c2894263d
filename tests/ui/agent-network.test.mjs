/* Between page and agent stands the browser's Local Network Access: hufu-agent.js tells what it decided from an agent that
 * is not there. In a namespace, since pages of localhost are exempt. */
import { before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./world.mjs";

let told;

before(() => {
  /* The policy file goes to a folder that only this namespace sees. */
  const prepare = "ip link set lo up && ip addr add 203.0.113.10/32 dev lo && mkdir -p /etc/chromium && " +
    'mount -t tmpfs none /etc/chromium && exec node "$@"';
  const unshare = execFileSync("python3", ["-B", join(root, "tests/api/namespace.py")], { encoding: "utf8" }).trim().split(" ");
  const lines = execFileSync(unshare[0], [...unshare.slice(1), "-n", "bash", "-c", prepare, "bash",
    join(root, "tests/ui/agent-network.mjs"), join(root, "packaging/agent/browser-policy")],
    { encoding: "utf8", timeout: 300_000 });
  told = Object.fromEntries(lines.trim().split("\n").map((line) => JSON.parse(line)).map(({ name, value }) => [name, value]));
});

test("R-KEY-3 a page that the browser forbids to reach the agent is told so, and what to do", () => {
  assert.equal(told.undecided.kind, "denied", JSON.stringify(told.undecided));
  assert.equal(told.undecided.before, "prompt");
  assert.equal(told.undecided.after, "denied");
  assert.match(told.undecided.hint, /允许/);
});

test("R-KEY-3 a page that the person allowed reaches the agent", () => {
  assert.equal(told.granted.answer?.protocol, "1", JSON.stringify(told.granted));
});

test("R-KEY-3 an allowed page without an agent is told that, not that it is forbidden", () => {
  assert.equal(told.absent.kind, "not-installed", JSON.stringify(told.absent));
  assert.equal(told.stopped.kind, "not-running", JSON.stringify(told.stopped));
});

test("R-KEY-3 a page without HTTPS is told that the browser never lets it", () => {
  assert.equal(told.plain.kind, "insecure-page", JSON.stringify(told.plain));
});

test("R-KEY-3 with the policy file of the package nobody is asked", () => {
  assert.equal(told.policy.before, "granted", JSON.stringify(told.policy));
  assert.equal(told.policy.answer?.protocol, "1", JSON.stringify(told.policy));
});

test("R-KEY-7 what the browser forbids does not come to the agent at all", () => {
  assert.equal(told.log, 0);
});
