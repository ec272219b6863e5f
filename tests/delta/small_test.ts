import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeDelta,
  DeltaDecoder,
  describeDelta,
  encodeDelta,
  explainDelta,
  MemoryAccess,
  readHeadLength,
} from "../../src/delta/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { editedPair, noise } from "./sample_files.ts";
import { sampleElf, sampleTar } from "./sample_programs.ts";
import { sampleText } from "./sample_text.ts";

const small = { small: true };

Deno.test("small deltas restore any edited file", async () => {
  await fc.assert(
    fc.asyncProperty(editedPair(), async ([before, after]) => {
      const delta = await encodeDelta(before, after, { segmentBytes: 700, ...small });
      assert.deepEqual(await decodeDelta(delta, before), after);
    }),
    { numRuns: 150 },
  );
});

Deno.test("small deltas restore programs, and are never longer", async () => {
  for (const architecture of ["x86-64", "arm64"] as const) {
    const [before, after] = [sampleElf(architecture, false), sampleElf(architecture, true)];
    const [plain, mixed] = [
      await encodeDelta(before, after),
      await encodeDelta(before, after, small),
    ];
    assert.deepEqual(await decodeDelta(mixed, before), after);
    assert.ok(mixed.length <= plain.length, `${mixed.length} against ${plain.length}`);
    assert.equal(plain[4], 1);
  }
});

Deno.test("a small delta of text is a tenth shorter", async () => {
  const [before, after] = [sampleText(40_000, 1), sampleText(40_000, 2)];
  const [plain, mixed] = [
    await encodeDelta(before, after),
    await encodeDelta(before, after, small),
  ];
  assert.deepEqual(await decodeDelta(mixed, before), after);
  assert.ok(mixed.length < 0.9 * plain.length, `${mixed.length} against ${plain.length}`);
});

Deno.test("where mixing saves nothing, the delta is of version 1", async () => {
  const [before, after] = [noise(200_000, 1), noise(200_000, 2)];
  assert.deepEqual(await encodeDelta(before, after, small), await encodeDelta(before, after));
});

Deno.test("segments of a small delta decode alone, in any order", async () => {
  const before = sampleTar([["a", sampleElf("x86-64", false)], ["b", sampleText(20_000, 3)]]);
  const after = sampleTar([["a", sampleElf("x86-64", true)], ["b", sampleText(21_000, 3)]]);
  const delta = await encodeDelta(before, after, { segmentBytes: 5000, ...small });
  const head = delta.subarray(0, readHeadLength(delta));
  const decoder = await DeltaDecoder.open(head, new MemoryAccess(before), new MemoryAccess(after));
  const { segments } = decoder.head;
  assert.ok(segments.length > 3);
  for (const [i, { start, end, storedStart, storedEnd }] of [...segments.entries()].reverse()) {
    const bytes = await decoder.decodeSegment(i, delta.subarray(storedStart, storedEnd));
    assert.deepEqual(bytes, after.slice(start, end));
  }
});

Deno.test("describe and explain account for every byte of a small delta", async () => {
  const before = sampleElf("x86-64", false);
  const delta = await encodeDelta(before, sampleElf("x86-64", true), small);
  const { head, headBytes, imageBytes, matchBytes, streams, mixedBytes } = await describeDelta(
    delta,
  );
  assert.equal(head.version, 2);
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  const segmentBytes = mixedBytes + sum(Object.values(streams));
  assert.equal(headBytes + imageBytes + matchBytes + segmentBytes, delta.length);
  assert.ok(mixedBytes > 0);
  const costs = await explainDelta(delta, new MemoryAccess(before));
  const explained = sum(costs.map(({ total }) => total));
  assert.ok(Math.abs(explained - matchBytes - segmentBytes) <= 16, `${explained}`);
});

async function hostile(delta: Uint8Array, before: Uint8Array, what: string): Promise<void> {
  await assert.rejects(
    decodeDelta(delta, before),
    (error) => isBrecciaError(error, "delta-malformed", "delta-mismatch"),
    what,
  );
}

Deno.test("a small delta cut short is refused; with any bit flipped, it never makes a wrong file", async () => {
  const [before, after] = [sampleText(900, 4), sampleText(900, 5)];
  const delta = await encodeDelta(before, after, { segmentBytes: 512, ...small });
  assert.equal(delta[4], 2);
  for (let length = 0; length < delta.length; length++) {
    await hostile(delta.slice(0, length), before, `${length} bytes`);
  }
  for (let bit = 0; bit < 8 * delta.length; bit++) {
    const twin = delta.slice();
    twin[bit >> 3]! ^= 1 << (bit & 7);
    // The last bits of a range coder may say the same in two ways.
    const made = await decodeDelta(twin, before).catch((error) => {
      assert.ok(isBrecciaError(error, "delta-malformed", "delta-mismatch"), `bit ${bit}: ${error}`);
    });
    if (made !== undefined) assert.deepEqual(made, after);
  }
});

Deno.test("a mixed segment with more literals than its coding may have is refused", async () => {
  const size = 600_000;
  const head = await encodeDelta(new Uint8Array(0), noise(size, 6), { level: 1 });
  // The same delta, but its one segment claims to be mixed and to need no bytes for its literals.
  const { head: { segments: [segment] } } = await describeDelta(head);
  const twin = head.slice();
  twin[4] = 2;
  twin[segment!.storedStart] = 1;
  twin[segment!.storedStart + 1] = 0;
  await hostile(twin, new Uint8Array(0), "all literals");
});
