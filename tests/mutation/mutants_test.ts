import assert from "node:assert/strict";
import { mutantsOf, mutate } from "./mutants.ts";

const SOURCE = `export function admit(age: number, limit: 18 | 21 = 18): boolean {
  if (age < 0) throw new RangeError("an age below 0: " + age);
  count();
  return age >= limit && true;
}
`;

Deno.test("mutantsOf() changes boundaries, conditions, literals, calls and throws; no types, no messages", () => {
  const results = mutantsOf("admit.ts", SOURCE).map((mutant) => mutate(SOURCE, mutant));
  const lines = results.map((result) =>
    result.split("\n").find((line, at) => line !== SOURCE.split("\n")[at])?.trim()
  );
  assert.deepEqual(lines, [
    'if (!(age < 0)) throw new RangeError("an age below 0: " + age);',
    'if (age <= 0) throw new RangeError("an age below 0: " + age);',
    "if (age < 0) ;",
    ";",
    "return age >= limit || true;",
    "return age > limit && true;",
    "return age >= limit && false;",
  ]);
});
