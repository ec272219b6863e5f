import assert from "node:assert/strict";
import { concatBytes, sha256 } from "../../src/bytes/mod.ts";
import { planUpdate, type UpdatePlan } from "../../src/client/mod.ts";
import { releaseChunks } from "../../src/client/release_chunks.ts";
import { treeSeed } from "../../src/client/seed.ts";
import {
  DELTA_PREAMBLE_BYTES,
  DeltaDecoder,
  encodeDelta,
  MemoryAccess,
  readHeadLength,
} from "../../src/delta/mod.ts";
import {
  deltaKey,
  type DeltaRef,
  packKey,
  type ReleaseIndex,
  StreamLayout,
  TreeStream,
} from "../../src/index/mod.ts";
import type { ManagedStore, RandomAccess, TreeReader } from "../../src/ports/mod.ts";
import { addRelease } from "../../src/publish/mod.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { MemoryTree, noise } from "../publish/memory_tree.ts";
import { newRepository } from "../publish/repository_fixture.ts";
import { type Lie, staticHost } from "./static_host.ts";

/** Changes a word in every few hundred bytes: each chunk is new, and nearly all of it is old. */
function recompiled(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  for (let at = 100; at < copy.length; at += 4000) copy[at] = copy[at]! ^ 0x55;
  return copy;
}

async function streamOf(index: ReleaseIndex, tree: TreeReader): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(index.streamBytes);
  await new TreeStream(new StreamLayout(index.entries), tree).read(0, bytes);
  return bytes;
}

async function deltaRef(
  store: ManagedStore,
  from: ReleaseIndex,
  to: ReleaseIndex,
  streams: readonly [Uint8Array, Uint8Array],
): Promise<DeltaRef> {
  const chunkEnds = [...to.chunks].map(({ offset, length }) => offset + length);
  const delta = await encodeDelta(...streams, { chunkEnds, segmentBytes: 512 * 1024 });
  const head = delta.subarray(0, readHeadLength(delta.subarray(0, DELTA_PREAMBLE_BYTES)));
  const { segments } = (await DeltaDecoder.open(head, new MemoryAccess(streams[0]))).head;
  const hash = await sha256(delta);
  await store.put(deltaKey(hash), delta);
  return {
    baseSha256: from.streamSha256,
    baseVersion: from.version,
    sha256: hash,
    bytes: delta.length,
    headBytes: head.length,
    segments: segments.map(({ start, end, storedStart, storedEnd }) => ({
      chunks: chunkEnds.filter((chunkEnd) => chunkEnd > start && chunkEnd <= end).length,
      bytes: storedEnd - storedStart,
    })),
  };
}

const { store } = await newRepository();
const program = noise(2_000_000, 11);
const oldTree = new MemoryTree({ program, "asset": noise(700_000, 12) });
const newTree = new MemoryTree({ program: recompiled(program), "asset": noise(700_000, 13) });
const { index: oldIndex } = await addRelease(store, { version: "1.0.0", tree: oldTree });
const added = await addRelease(store, { version: "1.1.0", tree: newTree });
const newStream = await streamOf(added.index, newTree);
const ref = await deltaRef(store, oldIndex, added.index, [
  await streamOf(oldIndex, oldTree),
  newStream,
]);
const index: ReleaseIndex = { ...added.index, deltas: [ref] };

function planWith(tree: TreeReader): UpdatePlan {
  return planUpdate({
    release: { index, sha256: new Uint8Array(32) },
    indexBytes: 0,
    installed: oldIndex,
    seeds: [treeSeed("1.0.0 (installed)", oldIndex, tree)],
    mirror: "static",
  });
}

async function carryOut(
  plan: UpdatePlan,
  lie?: Lie,
): Promise<{ stream: Uint8Array; transferred: number; reasons: string[] }> {
  const http = new HttpClient({ fetch: staticHost(store, lie) });
  const mirrors = new MirrorSet(["https://mirror.test/"], http);
  const reasons: string[] = [];
  const parts: Uint8Array[] = [];
  const written: RandomAccess = {
    size: newStream.length,
    read: (offset, into) => {
      into.set(concatBytes(parts).subarray(offset, offset + into.length));
      return Promise.resolve();
    },
  };
  const chunks = releaseChunks(plan, { mirrors, written, onTrouble: (why) => reasons.push(why) });
  for await (const chunk of chunks) parts.push(chunk.bytes);
  return { stream: concatBytes(parts), transferred: http.bodyBytes, reasons };
}

Deno.test("segments of a delta are taken where they are cheaper, chunks elsewhere, to the byte", async () => {
  const plan = planWith(oldTree);
  assert.ok(plan.delta !== undefined);
  assert.ok(plan.delta.segments.length > 0);
  assert.ok(plan.delta.segments.length <= ref.segments.length);
  assert.ok(plan.bytes.total < plan.bytes.full / 2, `${plan.bytes.total} of ${plan.bytes.full}`);
  const done = await carryOut(plan);
  assert.deepEqual(done.stream, newStream);
  assert.equal(done.transferred, plan.bytes.total);
  assert.deepEqual(done.reasons, []);
});

Deno.test("no other choice of segments is cheaper", () => {
  const plan = planWith(oldTree);
  const sources = plan.sources;
  const cost = (chosen: ReadonlySet<number>): number => {
    let bytes = chosen.size > 0 ? ref.headBytes : 0;
    let first = 0;
    for (const [number, segment] of ref.segments.entries()) {
      const end = first + segment.chunks;
      if (chosen.has(number)) bytes += segment.bytes;
      else {
        for (let ordinal = first; ordinal < end; ordinal++) {
          if (sources.of(ordinal).kind === "fetch") {
            bytes += index.chunks.at(ordinal).storedLength + 4;
          }
        }
      }
      first = end;
    }
    return bytes;
  };
  const chosen = cost(new Set(plan.delta!.segments.map(({ number }) => number)));
  for (let mask = 0; mask < 2 ** ref.segments.length; mask++) {
    const other = new Set(ref.segments.keys().filter((number) => (mask >> number) & 1));
    assert.ok(chosen <= cost(other));
  }
});

Deno.test("a missing, truncated, corrupt or foreign delta is given up, said, and made good by chunks", async () => {
  const foreign = (await store.get(deltaKey(ref.sha256)))!.bytes.slice();
  foreign[20] = foreign[20]! ^ 1;
  const lies: [string, Lie][] = [
    [
      "missing",
      (path) => path.startsWith("deltas/") ? new Response(null, { status: 404 }) : undefined,
    ],
    [
      "truncated",
      (path, bytes) => path.startsWith("deltas/") ? bytes.slice(0, bytes.length - 9) : undefined,
    ],
    ["foreign head", (path) => path.startsWith("deltas/") ? foreign : undefined],
    [
      "html",
      (path) => path.startsWith("deltas/") ? new Response("<html>".repeat(9000)) : undefined,
    ],
  ];
  for (let flip = ref.headBytes; flip < ref.bytes; flip += Math.ceil(ref.bytes / 12)) {
    lies.push([
      `bit ${flip}`,
      (path, bytes) =>
        path.startsWith("deltas/")
          ? bytes.with(flip, bytes[flip]! ^ 4) as Uint8Array<ArrayBuffer>
          : undefined,
    ]);
  }
  for (const [name, lie] of lies) {
    const done = await carryOut(planWith(oldTree), lie);
    assert.deepEqual(done.stream, newStream, name);
    if (!name.startsWith("bit")) assert.ok(done.reasons.length > 0, name);
  }
});

Deno.test("in place of a delta chunks travel in few requests, though a host knows no ranges", async () => {
  const bytes = (path: string): Promise<number> =>
    store.get(path).then((object) => object!.bytes.length);
  const packs = await Promise.all(
    index.packs.map(({ sha256 }) => bytes(packKey(sha256))),
  );
  const most = packs.reduce((sum, length) => sum + length, 0) + ref.bytes;
  const withoutRanges: Lie = (path, whole) =>
    path.startsWith("deltas/")
      ? new Response(null, { status: 404 })
      : new Response(whole as Uint8Array<ArrayBuffer>);
  const done = await carryOut(planWith(oldTree), withoutRanges);
  assert.deepEqual(done.stream, newStream);
  // Chunks outside the delta and those in place of it are two fetches, each of which may need each pack.
  assert.ok(done.transferred <= 2 * most, `${done.transferred} of ${most}`);
  assert.equal(done.reasons.filter((reason) => reason.includes("whole packs")).length, 1);

  const flipped: Lie = (path, whole) =>
    path.startsWith("deltas/")
      ? new Response(whole.with(ref.bytes - 100, 0x55) as Uint8Array<ArrayBuffer>)
      : new Response(whole as Uint8Array<ArrayBuffer>);
  const mended = await carryOut(planWith(oldTree), flipped);
  assert.deepEqual(mended.stream, newStream);
  assert.ok(mended.transferred <= 2 * most, `${mended.transferred} of ${most}`);
});

Deno.test("a base that was changed on disk is noticed by its hash before the delta uses it", async () => {
  const tree = new MemoryTree({
    program: program.map((byte) => byte ^ 1),
    "asset": noise(700_000, 12),
  });
  const done = await carryOut(planWith(tree));
  assert.deepEqual(done.stream, newStream);
  assert.ok(done.reasons.some((reason) => reason.includes("was changed on disk")));
});

Deno.test("a delta from a release that is not on the device is not planned", () => {
  const other = { ...oldIndex, streamSha256: new Uint8Array(32) };
  const plan = planUpdate({
    release: { index, sha256: new Uint8Array(32) },
    indexBytes: 0,
    seeds: [treeSeed("other", other, oldTree)],
    mirror: "static",
  });
  assert.equal(plan.delta, undefined);
  assert.equal(plan.bytes.deltas, 0);
});
