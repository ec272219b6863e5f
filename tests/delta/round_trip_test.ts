import assert from "node:assert/strict";
import fc from "fast-check";
import { BrecciaError } from "../../src/errors.ts";
import {
  decodeDelta,
  DeltaDecoder,
  encodeDelta,
  MemoryAccess,
  readHeadLength,
} from "../../src/delta/mod.ts";
import { editedPair, noise } from "./sample_files.ts";

Deno.test("encodeDelta() and decodeDelta() restore any edited file", async () => {
  await fc.assert(
    fc.asyncProperty(editedPair(), async ([before, after]) => {
      const delta = await encodeDelta(before, after, { segmentBytes: 700 });
      assert.deepEqual(await decodeDelta(delta, before), after);
    }),
    { numRuns: 150 },
  );
});

Deno.test("empty, equal and unrelated files have deltas, none much longer than the new file", async () => {
  const cases = [[0, 0], [0, 5000], [5000, 0], [5000, 5000]] as const;
  for (const [oldSize, newSize] of cases) {
    const before = noise(oldSize, 1);
    const after = noise(newSize, 2);
    const delta = await encodeDelta(before, after);
    assert.deepEqual(await decodeDelta(delta, before), after);
    assert.ok(delta.length <= after.length + 128, `${delta.length} for ${after.length}`);
  }
  const same = noise(300_000, 3);
  assert.ok((await encodeDelta(same, same)).length < 128);
});

Deno.test("a stretch that the new file repeats is stored once", async () => {
  const part = noise(40_000, 4);
  const after = new Uint8Array(3 * part.length);
  for (let i = 0; i < 3; i++) after.set(part, i * part.length);
  const delta = await encodeDelta(new Uint8Array(0), after, { segmentBytes: 30_000 });
  assert.ok(delta.length < part.length * 1.02, `${delta.length} bytes`);
  assert.deepEqual(await decodeDelta(delta, new Uint8Array(0)), after);
});

Deno.test("what follows a replaced stretch of any length is found again", async () => {
  for (const replaced of [100, 2_000, 9_000]) {
    const before = noise(40_000, 21);
    const after = before.slice();
    after.set(noise(replaced, 22), 10_000);
    const delta = await encodeDelta(before, after);
    assert.deepEqual(await decodeDelta(delta, before), after);
    assert.ok(delta.length < replaced + 200, `${delta.length} bytes`);
  }
});

Deno.test("segments end at chunk ends, and each decodes alone, in any order, from its range", async () => {
  const before = noise(90_000, 5);
  const after = before.slice();
  after.set(noise(500, 6), 20_000);
  after.copyWithin(50_000, 50_007);
  const chunkEnds = [9_000, 21_000, 22_000, 47_000, 60_500, 80_000, 90_000];
  const delta = await encodeDelta(before, after, { chunkEnds, segmentBytes: 25_000 });
  const head = delta.subarray(0, readHeadLength(delta.subarray(0, 9)));
  const decoder = await DeltaDecoder.open(head, new MemoryAccess(before));
  const ends = decoder.head.segments.map(({ end }) => end);
  assert.deepEqual(ends, [22_000, 47_000, 60_500, 80_000, 90_000]);
  for (const i of [3, 0, 4, 2, 1]) {
    const segment = decoder.head.segments[i]!;
    assert.equal(decoder.needsEarlier(i), false);
    const stored = delta.subarray(segment.storedStart, segment.storedEnd);
    assert.deepEqual(
      await decoder.decodeSegment(i, stored),
      after.slice(segment.start, segment.end),
    );
  }
});

Deno.test("encodeDelta() is deterministic and tells its progress", async () => {
  const before = noise(60_000, 7);
  const after = noise(60_000, 7);
  after[30_000]! ^= 1;
  const stages: string[] = [];
  const first = await encodeDelta(before, after, {
    onProgress: ({ stage, done, total }) => {
      stages.push(stage);
      assert.ok(done <= total);
    },
  });
  assert.deepEqual(await encodeDelta(before, after), first);
  assert.ok(stages.includes("code"));
});

Deno.test("encodeDelta() stops when its signal aborts, and refuses chunks that miss the end", async () => {
  const before = noise(1000, 8);
  await assert.rejects(
    encodeDelta(before, before, { signal: AbortSignal.abort() }),
    (error: BrecciaError) => error.code === "cancelled",
  );
  await assert.rejects(
    encodeDelta(before, before, { chunkEnds: [500] }),
    (error: BrecciaError) => error.code === "usage",
  );
});

Deno.test("encodeDelta() stays within its memory by indexing less, and refuses when that can't be", async () => {
  const before = noise(3_000_000, 9);
  const after = before.slice();
  after.copyWithin(1_000_000, 1_200_000);
  const memoryBytes = 160 * 1024 * 1024 + 2.3 * (before.length + after.length);
  const delta = await encodeDelta(before, after, { memoryBytes });
  assert.deepEqual(await decodeDelta(delta, before), after);
  assert.ok(delta.length < 1000, `${delta.length} bytes`);
  await assert.rejects(
    encodeDelta(before, after, { memoryBytes: 1_000_000 }),
    (error: BrecciaError) => error.code === "usage",
  );
});
