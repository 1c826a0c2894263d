/* All that people meet at the pages, in one installation and one browser (shared.mjs); each part runs alone too:
 *   node --test tests/ui/forms.mjs
 * The main path has a job of its own (path.test.mjs), so has the agent without the portal (agent-*.test.mjs). */
import { test } from "node:test";
import assert from "node:assert/strict";
import { faults } from "./browser.mjs";
import "./robust.mjs";
import "./forms.mjs";
import "./services.mjs";
import "./agent.mjs";
import "./access.mjs";
import "./figures.mjs";
import "./expired.mjs";

test("no page broke its content policy, threw, or asked a stranger", () => assert.equal(faults().join("\n"), ""));
