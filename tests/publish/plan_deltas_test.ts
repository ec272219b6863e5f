import assert from "node:assert/strict";
import { encodeProven } from "../../src/delta/mod.ts";
import { encodeHex } from "../../src/bytes/mod.ts";
import { deltaKey, type ReleaseIndex } from "../../src/index/mod.ts";
import {
  addRelease,
  type DeltaOutcome,
  publishRepository,
  verifyRepository,
} from "../../src/publish/mod.ts";
import { decodeDelta } from "../../src/delta/mod.ts";
import { readReleaseStream } from "../../src/publish/release_stream.ts";
import { isBrecciaError } from "../../src/errors.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { MemoryTree, noise } from "./memory_tree.ts";
import { clock, newRepository } from "./repository_fixture.ts";

/** Each version changes a byte in every few thousand: all chunks are new, hardly a byte is. */
function build(version: number): MemoryTree {
  const program = noise(600_000, 21);
  for (let at = version; at < program.length; at += 5000) program[at] = program[at]! ^ 0x33;
  return new MemoryTree({ program });
}

async function add(
  store: ManagedStore,
  version: string,
  tree: MemoryTree,
  count = 3,
  memoryBytes?: number,
): Promise<{ index: ReleaseIndex; outcomes: DeltaOutcome[] }> {
  const outcomes: DeltaOutcome[] = [];
  const { index } = await addRelease(store, { version, tree }, {
    deltas: { count, memoryBytes, onDelta: (outcome) => outcomes.push(outcome) },
  });
  return { index, outcomes };
}

Deno.test("a release lists deltas from the last N of its channel, and each makes its stream", async () => {
  const { store, keys } = await newRepository();
  const indexes: ReleaseIndex[] = [];
  for (let version = 0; version < 4; version++) {
    indexes.push((await add(store, `1.${version}.0`, build(version), 2)).index);
    await publishRepository(store, { keys, clock });
  }
  const last = indexes[3]!;
  assert.deepEqual(last.deltas.map(({ baseVersion }) => baseVersion), ["1.2.0", "1.1.0"]);
  for (const [i, ref] of last.deltas.entries()) {
    const delta = (await store.get(deltaKey(ref.sha256)))!.bytes;
    assert.equal(delta.length, ref.bytes);
    const base = await readReleaseStream(store, indexes[2 - i]!);
    assert.deepEqual(await decodeDelta(delta, base), await readReleaseStream(store, last));
    const made = ref.segments.reduce((sum, { chunks }) => sum + chunks, 0);
    assert.equal(made, last.chunks.count);
  }
  assert.deepEqual((await verifyRepository(store)).findings, []);
});

Deno.test("a delta that saves less than a tenth of the chunks is left out, and said", async () => {
  const { store } = await newRepository();
  await add(store, "1.0.0", new MemoryTree({ program: noise(300_000, 1) }));
  const { index, outcomes } = await add(
    store,
    "1.1.0",
    new MemoryTree({ program: noise(300_000, 2) }),
  );
  assert.deepEqual(index.deltas, []);
  assert.match(outcomes[0]?.dropped ?? "", /less than a tenth/);
});

Deno.test("a release with no new chunk needs no delta, and a pair over the memory bound gets none", async () => {
  const { store } = await newRepository();
  await add(store, "1.0.0", build(0));
  assert.equal((await add(store, "1.1.0", build(0))).outcomes[0]?.dropped, "no chunk is missing");
  const bounded = await add(store, "1.2.0", build(1), 1, 1_000_000);
  assert.deepEqual(bounded.index.deltas, []);
  assert.ok(bounded.outcomes[0]?.dropped !== undefined);
});

Deno.test("verify names a delta that was altered or removed", async () => {
  const { store, keys } = await newRepository();
  await add(store, "1.0.0", build(0));
  const { index } = await add(store, "1.1.0", build(1));
  await publishRepository(store, { keys, clock });
  const key = deltaKey(index.deltas[0]!.sha256);
  const { bytes } = (await store.get(key))!;
  await store.put(key, bytes.with(50, bytes[50]! ^ 1));
  assert.deepEqual((await verifyRepository(store)).findings.map(({ code }) => code), [
    "delta-mismatch",
  ]);
  await store.delete(key);
  assert.deepEqual((await verifyRepository(store)).findings.map(({ code }) => code), [
    "target-missing",
  ]);
});

Deno.test("an old release that was altered is refused as a base, and nothing is staged", async () => {
  const { store } = await newRepository();
  const { index } = await add(store, "1.0.0", build(0));
  const key = `packs/${encodeHex(index.packs[0]!.sha256)}`;
  const { bytes } = (await store.get(key))!;
  await store.put(key, bytes.with(1000, bytes[1000]! ^ 1));
  await assert.rejects(
    add(store, "1.1.0", build(1)),
    (error) => isBrecciaError(error, "chunk-mismatch"),
  );
  await store.put(key, bytes);
  assert.equal((await add(store, "1.1.0", build(1))).index.deltas.length, 1);
});

Deno.test("what the encoder hands over has been decoded and compared", async () => {
  const [oldBytes, newBytes] = [noise(50_000, 1), noise(50_000, 1).fill(7, 100, 200)];
  const delta = await encodeProven({
    oldBytes: new Uint8Array(oldBytes),
    newBytes: new Uint8Array(newBytes),
    chunkEnds: Float64Array.of(newBytes.length),
    memoryBytes: 2 ** 30,
    small: false,
  });
  assert.deepEqual(await decodeDelta(delta, oldBytes), newBytes);
  assert.ok(delta.length < 1000);
});
