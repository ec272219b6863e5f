import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeDelta, describeDelta, encodeDelta } from "../../src/delta/mod.ts";
import { sampleModule } from "./sample_programs.ts";

Deno.test("a function added to a module does not make every call to those behind it travel", async () => {
  const before = sampleModule(false);
  const after = sampleModule(true);
  const delta = await encodeDelta(before, after);
  assert.deepEqual(await decodeDelta(delta, before), after);
  assert.equal((await describeDelta(delta)).head.images.length, 1);
  assert.ok(delta.length < 400, `${delta.length} bytes`);
});

Deno.test("any damage to a module still round-trips", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.oneof(fc.nat(40), fc.nat(8000)), fc.nat(255)), { maxLength: 30 }),
      async (damage) => {
        const before = sampleModule(false);
        const after = sampleModule(true);
        for (const [at, byte] of damage) after[at] = byte;
        const delta = await encodeDelta(before, after, { segmentBytes: 3000 });
        assert.deepEqual(await decodeDelta(delta, before), after);
      },
    ),
    { numRuns: 60 },
  );
});
