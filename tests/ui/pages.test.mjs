/* All that people do at the pages, in one installation and one browser (shared.mjs); each part runs alone too:
 *   node --test tests/ui/forms.mjs
 * Jobs of their own: operators and organizations (desk), every page looked at (every-page), the main path (path), the agent without the portal (agent-*). */
import { test } from "node:test";
import assert from "node:assert/strict";
import { faults } from "./browser.mjs";
import "./robust.mjs";
import "./meanwhile.mjs";
import "./kept.mjs";
import "./forms.mjs";
import "./services.mjs";
import "./agent.mjs";

test("no page broke its content policy, threw, or asked a stranger", () => assert.equal(faults().join("\n"), ""));
