/* Every page, for everyone: access, figures, and what a year brings; in one installation and one browser (shared.mjs). */
import { test } from "node:test";
import assert from "node:assert/strict";
import { faults } from "./browser.mjs";
import "./access.mjs";
import "./keyboard.mjs";
import "./figures.mjs";
import "./expired.mjs";

test("no page broke its content policy, threw, or asked a stranger", () => assert.equal(faults().join("\n"), ""));
