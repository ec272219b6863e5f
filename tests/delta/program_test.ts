import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeDelta, encodeDelta } from "../../src/delta/mod.ts";
import { DELTA_PREAMBLE_BYTES, readHead } from "../../src/delta/head.ts";
import { loadZstd } from "../../src/codec/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { noise } from "./sample_files.ts";
import { sampleElf, sampleTar } from "./sample_programs.ts";

for (const architecture of ["x86-64", "arm64"] as const) {
  Deno.test(`a function added to an ${architecture} program costs little more than the function`, async () => {
    const before = sampleElf(architecture, false);
    const after = sampleElf(architecture, true);
    const delta = await encodeDelta(before, after);
    assert.deepEqual(await decodeDelta(delta, before), after);
    assert.equal(readHead(delta, await loadZstd()).head.images.length, 1);
    assert.ok(delta.length < 96 + 420, `${delta.length} bytes`);
  });
}

Deno.test("programs in a tar stream are modelled one by one, by name", async () => {
  const [first, second] = [sampleElf("x86-64", false), sampleElf("arm64", false)];
  const before = sampleTar([["a-1.2/x", first], ["notes", noise(900, 1)], ["b-1.2/y", second]]);
  const after = sampleTar([
    ["a-1.3/x", sampleElf("x86-64", true)],
    ["b-1.3/y", sampleElf("arm64", true)],
    ["notes", noise(900, 1)],
  ]);
  const delta = await encodeDelta(before, after);
  assert.deepEqual(await decodeDelta(delta, before), after);
  assert.equal(readHead(delta, await loadZstd()).head.images.length, 2);
  assert.ok(delta.length < 1100, `${delta.length} bytes`);
});

Deno.test("any damage to a program, headers included, still round-trips", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("x86-64" as const, "arm64" as const),
      fc.array(fc.tuple(fc.oneof(fc.nat(300), fc.nat(12_000)), fc.nat(255)), { maxLength: 30 }),
      fc.boolean(),
      async (architecture, damage, damageBoth) => {
        const before = sampleElf(architecture, false);
        const after = sampleElf(architecture, true);
        for (const [at, byte] of damage) {
          after[at] = byte;
          if (damageBoth) before[at] = byte;
        }
        const delta = await encodeDelta(before, after, { segmentBytes: 5000 });
        assert.deepEqual(await decodeDelta(delta, before), after);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("a program's delta with a damaged byte makes the right file or none", async () => {
  const before = sampleElf("x86-64", false);
  const after = sampleElf("x86-64", true);
  const delta = await encodeDelta(before, after, { segmentBytes: 4000, level: 1 });
  let refused = 0;
  for (let at = DELTA_PREAMBLE_BYTES; at < delta.length; at++) {
    const twin = delta.slice();
    twin[at]! ^= 0x11;
    try {
      assert.deepEqual(await decodeDelta(twin, before), after);
    } catch (error) {
      assert.ok(isBrecciaError(error, "delta-malformed", "delta-mismatch"), `byte ${at}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > 0.8 * delta.length, `${refused} of ${delta.length}`);
});
