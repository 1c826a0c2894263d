/* What operators do at the console, and who runs an organization at the portal, in an installation of their own: an agent
 * keeps so many pairings, and all of pages.test.mjs together would push the first ones out. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { faults } from "./browser.mjs";
import "./desk.mjs";
import "./organization.mjs";

test("no page broke its content policy, threw, or asked a stranger", () => assert.equal(faults().join("\n"), ""));
