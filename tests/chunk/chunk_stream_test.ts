import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, encodeHex } from "../../src/bytes/mod.ts";
import { type Chunk, type Chunking, chunkStream, DEFAULT_CHUNKING } from "../../src/chunk/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";

const SMALL: Chunking = { minimum: 256, average: 1024, maximum: 4096 };

/** Found once with this code; a change here means that no device shares chunks with what is published. */
const GOLDEN_OFFSETS = [
  0,
  94885,
  163265,
  239663,
  310172,
  374692,
  399770,
  477834,
  592869,
  667343,
  738117,
  824677,
  917261,
];
const GOLDEN_FIRST_HASH = "839d0c203c7cf7d93ff69c337581767765826cccfef21686f71180d82e5a8b7f";
const GOLDEN_SMALL_LENGTHS = [
  1028,
  1437,
  415,
  1498,
  662,
  842,
  1128,
  1062,
  1043,
  1115,
  262,
  449,
  1059,
];

async function cut(
  bytes: Uint8Array,
  chunking: Chunking,
  partLength = bytes.length,
): Promise<Chunk[]> {
  function* parts(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += partLength) yield bytes.subarray(at, at + partLength);
  }
  return await Array.fromAsync(chunkStream(parts(), chunking));
}

Deno.test("golden boundaries: the cuts of a known stream never move", async () => {
  const chunks = await cut(pseudoRandomBytes(1_000_000, 7), DEFAULT_CHUNKING);
  assert.deepEqual(chunks.map(({ offset }) => offset), GOLDEN_OFFSETS);
  assert.equal(encodeHex(chunks[0]!.hash), GOLDEN_FIRST_HASH);
});

Deno.test("golden boundaries at the smallest lengths", async () => {
  const chunks = await cut(pseudoRandomBytes(12_000, 9), SMALL);
  assert.deepEqual(chunks.map(({ bytes }) => bytes.length), GOLDEN_SMALL_LENGTHS);
});

Deno.test("chunks in order make the stream, within minimum and maximum, however it arrives", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60_000 }),
      fc.integer({ min: 1, max: 70_000 }),
      fc.integer(),
      async (length, partLength, seed) => {
        const bytes = pseudoRandomBytes(length, seed);
        const chunks = await cut(bytes, SMALL, partLength);
        assert.deepEqual(concatBytes(chunks.map((chunk) => chunk.bytes)), bytes);
        for (const [i, chunk] of chunks.entries()) {
          assert.ok(chunk.bytes.length <= SMALL.maximum);
          assert.ok(chunk.bytes.length >= SMALL.minimum || i === chunks.length - 1);
        }
        assert.deepEqual(
          chunks.map(({ offset }) => offset),
          (await cut(bytes, SMALL)).map(({ offset }) => offset),
        );
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a byte inserted at the front makes one or two new chunks", async () => {
  const bytes = pseudoRandomBytes(4_000_000, 3);
  const before = new Set((await cut(bytes, DEFAULT_CHUNKING)).map(({ hash }) => encodeHex(hash)));
  const after = await cut(concatBytes([new Uint8Array([1]), bytes]), DEFAULT_CHUNKING);
  const fresh = after.filter(({ hash }) => !before.has(encodeHex(hash)));
  assert.ok(fresh.length >= 1 && fresh.length <= 2, `${fresh.length} new chunks`);
});

Deno.test("lengths that can't be honoured are refused by name", async () => {
  for (
    const chunking of [
      { minimum: 0, average: 1024, maximum: 4096 },
      { minimum: 2048, average: 1024, maximum: 4096 },
      { minimum: 256, average: 1000, maximum: 4096 },
      { minimum: 256, average: 1024, maximum: 2 ** 21 },
      { minimum: NaN, average: 1024, maximum: 4096 },
    ]
  ) {
    await assert.rejects(
      cut(new Uint8Array(1), chunking),
      (error) => isBrecciaError(error, "usage"),
    );
  }
});
