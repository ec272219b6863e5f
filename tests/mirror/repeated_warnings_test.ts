import assert from "node:assert/strict";
import { RepeatedWarnings } from "../../src/mirror/edge/repeated_warnings.ts";

const MINUTE = 60_000;

Deno.test("a warning that comes again is told once, then once an hour with how often it came", () => {
  let now = Date.UTC(2031, 0, 1);
  const told: unknown[] = [];
  const log = (level: string, event: string, fields?: object) =>
    void told.push({ level, event, ...fields });
  const warnings = new RepeatedWarnings({ now: () => now }, log);
  const tell = (code: string) =>
    warnings.tell("warn", "refresh failed", { name: code, code, message: `${code} at ${now}` });
  for (let minute = 0; minute < 90; minute++, now += MINUTE) tell("offline");
  assert.deepEqual(told, [
    {
      level: "warn",
      event: "refresh failed",
      code: "offline",
      message: `offline at ${Date.UTC(2031, 0, 1)}`,
    },
    {
      level: "warn",
      event: "refresh failed",
      code: "offline",
      message: `offline at ${Date.UTC(2031, 0, 1, 1)}`,
      repeated: 60,
      since: "2031-01-01T00:00:00.000Z",
    },
  ]);
  tell("rollback");
  assert.equal(told.length, 3, "another trouble is news");
  assert.equal(warnings.settle("refresh failed"), 29);
  tell("offline");
  assert.equal(told.length, 4, "after it was settled it is news again");
});

Deno.test("warnings of endlessly many names take no endless memory", () => {
  let told = 0;
  const warnings = new RepeatedWarnings({ now: () => 0 }, () => void told++);
  const tell = (at: number) =>
    warnings.tell("warn", "event", { name: `${at}`, code: "offline", message: "" });
  for (let at = 0; at < 1000; at++) tell(at);
  tell(999);
  assert.equal(told, 1000, "the last ones are known");
  tell(0);
  assert.equal(told, 1001, "the first one was forgotten");
});
