import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { judgingTime } from "../../src/tuf/mod.ts";

const HOUR = 3_600_000;
const FLOOR = Date.UTC(2026, 10, 28);

Deno.test("expiry is judged by the clock, and never before the time that is known", () => {
  assert.equal(judgingTime(FLOOR + 1, FLOOR), FLOOR + 1);
  assert.equal(judgingTime(FLOOR - 24 * HOUR, FLOOR), FLOOR);
  assert.equal(judgingTime(0, undefined), 0, "nothing is known on a first run");
});

Deno.test("a clock more than a day behind is an error that names both times", () => {
  for (const now of [0, FLOOR - 24 * HOUR - 1]) {
    assert.throws(
      () => judgingTime(now, FLOOR),
      (error) =>
        isBrecciaError(error, "clock-wrong") &&
        error.message.includes(new Date(now).toISOString()) && /2026-11-28/.test(error.message),
    );
  }
});
