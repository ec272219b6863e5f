import assert from "node:assert/strict";
import fc from "fast-check";
import { planUpdate, type UpdatePlan } from "../../src/client/mod.ts";
import { DEFAULT_CHUNKING } from "../../src/chunk/mod.ts";
import type { Seed } from "../../src/client/seed.ts";
import { ChunkTable, type DeltaRef, type ReleaseIndex } from "../../src/index/mod.ts";

/** What an edge adds to each chunk that it sends: docs/formats/chunk-exchange.md. */
const FRAME_BYTES = 4;

/** A name that a number gives. */
const named = (number: number): Uint8Array =>
  new Uint8Array(32).map((_, i) => (number >>> (8 * (i & 3))) & 0xff);

function indexOf(
  chunks: readonly { readonly name: number; readonly stored: number }[],
  stream: number,
  deltas: readonly DeltaRef[] = [],
): ReleaseIndex {
  const rows = chunks.map(({ name, stored }, i) => ({
    hash: named(name),
    length: 1000,
    pack: 0,
    packOffset: 1000 * i,
    storedLength: stored,
  }));
  const table = new ChunkTable(rows, rows.length);
  return {
    app: "app",
    version: `1.0.${stream}`,
    platform: "any",
    chunking: DEFAULT_CHUNKING,
    streamBytes: table.streamBytes,
    streamSha256: named(1_000_000 + stream),
    entries: [],
    chunks: table,
    packs: [{ sha256: named(7), bytes: 1000 * rows.length }],
    deltas,
  };
}

const chunkList = fc.array(
  fc.record({ name: fc.nat(20), stored: fc.integer({ min: 1, max: 1000 }) }),
  { minLength: 1, maxLength: 9 },
);

/** How a delta cuts the release, and what its head and its segments cost. */
const deltaShape = fc.record({
  base: fc.nat(2),
  head: fc.integer({ min: 1, max: 1500 }),
  cuts: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  bytes: fc.array(fc.integer({ min: 1, max: 2500 }), { minLength: 9, maxLength: 9 }),
});

function deltaOf(
  { base, head, cuts, bytes }: {
    readonly base: number;
    readonly head: number;
    readonly cuts: readonly boolean[];
    readonly bytes: readonly number[];
  },
  chunks: number,
  number: number,
): DeltaRef {
  const segments: { chunks: number; bytes: number }[] = [];
  let first = 0;
  for (let end = 1; end <= chunks; end++) {
    if (end < chunks && cuts[end - 1] !== true) continue;
    segments.push({ chunks: end - first, bytes: bytes[segments.length]! });
    first = end;
  }
  return {
    baseSha256: named(1_000_000 + base),
    baseVersion: `1.0.${base}`,
    sha256: named(2_000_000 + number),
    bytes: head + segments.reduce((sum, segment) => sum + segment.bytes, 0),
    headBytes: head,
    segments,
  };
}

/** What travels when the segments in `mask` of `delta` are taken, by the words of the formats alone. */
function cost(plan: UpdatePlan, delta: DeltaRef | undefined, mask: number): number {
  const { index } = plan.release;
  const made = new Set<number>();
  let bytes = mask === 0 ? 0 : delta!.headBytes;
  let first = 0;
  delta?.segments.forEach((segment, i) => {
    if ((mask >> i) & 1) {
      bytes += segment.bytes;
      for (let k = 0; k < segment.chunks; k++) made.add(first + k);
    }
    first += segment.chunks;
  });
  const known = new Set<string>();
  for (const { index: seed } of plan.seeds) {
    for (const { hash } of seed.chunks) known.add(`${hash}`);
  }
  for (const { ordinal, hash, storedLength } of index.chunks) {
    if (known.has(`${hash}`)) continue;
    known.add(`${hash}`);
    if (!made.has(ordinal)) bytes += storedLength + FRAME_BYTES;
  }
  return bytes;
}

Deno.test("no mix of segments, chunks and deltas transfers less than the plan, and the plan says what it costs", () => {
  const taken = { none: 0, some: 0, all: 0 };
  fc.assert(
    fc.property(
      chunkList,
      fc.array(chunkList, { maxLength: 2 }),
      fc.array(deltaShape, { maxLength: 3 }),
      (chunks, bases, shapes) => {
        // Chunks of one name are the same chunk, stored once.
        const stored = new Map(chunks.map(({ name, stored }) => [name, stored]));
        const alike = chunks.map(({ name }) => ({ name, stored: stored.get(name)! }));
        const deltas = shapes.map((shape, i) => deltaOf(shape, chunks.length, i));
        const plan = planUpdate({
          release: { index: indexOf(alike, 99, deltas), sha256: named(3) },
          indexBytes: 0,
          seeds: bases.map((base, i): Seed => ({
            label: `base ${i}`,
            index: indexOf(base, i),
            stream: { size: 0, read: () => Promise.resolve() },
            chunks: base.length,
          })),
          mirror: "edge",
        });
        const usable = deltas.filter(({ baseVersion }) =>
          bases.some((_, i) => baseVersion === `1.0.${i}`)
        );
        let cheapest = cost(plan, undefined, 0);
        for (const delta of usable) {
          for (let mask = 1; mask < 2 ** delta.segments.length; mask++) {
            cheapest = Math.min(cheapest, cost(plan, delta, mask));
          }
        }
        assert.equal(plan.bytes.total, cheapest);
        const chosen = plan.delta?.segments.length ?? 0;
        taken[
          chosen === 0 ? "none" : chosen === plan.delta!.ref.segments.length ? "all" : "some"
        ]++;
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(taken.none > 20 && taken.some > 20 && taken.all > 20, JSON.stringify(taken));
});
