import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeDelta, describeDelta, encodeDelta } from "../../src/delta/mod.ts";
import { noise } from "./sample_files.ts";

/** A module whose functions call each other by two-byte indexes; `insert` adds one early, which shifts them all. */
function sampleModule(insert: boolean): Uint8Array<ArrayBuffer> {
  const bodies = Array.from({ length: 200 }, (_, i) => noise(40, 2000 + i));
  if (insert) bodies.splice(20, 0, noise(40, 9000));
  const code: number[] = [];
  bodies.forEach((body, i) => {
    const callee = 300 + ((i < 20 || !insert ? i : i - 1) * 7) % 200;
    const index = insert && callee >= 320 ? callee + 1 : callee;
    code.push(...body, 0x10, (index & 0x7f) | 0x80, index >> 7);
  });
  const size = code.length;
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10];
  const length = [(size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14];
  return Uint8Array.from([...header, ...length, ...code]);
}

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
