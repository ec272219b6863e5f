import assert from "node:assert/strict";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { decodeDelta } from "../../src/delta/mod.ts";
import { deltaKey, StreamLayout, TreeStream } from "../../src/index/mod.ts";
import { addRelease, publishRepository, verifyRepository } from "../../src/publish/mod.ts";
import { MemoryTree, noise } from "./memory_tree.ts";
import { clock, contentsOf, newRepository } from "./repository_fixture.ts";

/** Noise with a byte changed every few KiB: chunks save nothing, a delta nearly everything. */
function scattered(seed: number): Uint8Array {
  const bytes = noise(900_000, 5);
  for (let i = seed; i < bytes.length; i += 5000) bytes[i]! ^= 0x55;
  return bytes;
}

Deno.test("add makes deltas from the last versions, and each decodes to the signed stream", async () => {
  const { store, keys } = await newRepository();
  const first = new MemoryTree({ app: scattered(1) });
  const added = [];
  for (const [i, version] of ["1.0.0", "1.1.0", "1.2.0"].entries()) {
    const tree = i === 0 ? first : new MemoryTree({ app: scattered(i + 1) });
    added.push(await addRelease(store, { version, tree, deltas: 2 }));
  }
  const { deltas, chunks, streamSha256 } = added[2]!.index;
  assert.deepEqual(deltas.map(({ baseVersion }) => baseVersion), ["1.1.0", "1.0.0"]);
  for (const delta of deltas) {
    assert.ok(delta.bytes < 100_000, `${delta.bytes} bytes`);
    assert.equal(delta.segments.reduce((sum, one) => sum + one.chunks, 0), chunks.count);
    const stored = delta.segments.reduce((sum, one) => sum + one.bytes, delta.headBytes);
    assert.equal(stored, delta.bytes);
  }
  const seed = new Uint8Array(added[0]!.index.streamBytes);
  await new TreeStream(new StreamLayout(added[0]!.index.entries), first).read(0, seed);
  const file = await store.get(deltaKey(deltas[1]!.sha256));
  const made = await decodeDelta(file!.bytes, seed);
  assert.equal(encodeHex(await sha256(new Uint8Array(made))), encodeHex(streamSha256));
  await publishRepository(store, { keys, clock });
  assert.deepEqual((await verifyRepository(store)).findings, []);
  await store.delete(deltaKey(deltas[1]!.sha256));
  const { findings } = await verifyRepository(store);
  assert.deepEqual(findings.map(({ code }) => code), ["delta-mismatch"]);
});

Deno.test("a delta that does not pay is not made", async () => {
  const { store } = await newRepository();
  const same = new MemoryTree({ app: noise(900_000, 5) });
  await addRelease(store, { version: "1.0.0", tree: same });
  const again = await addRelease(store, { version: "1.1.0", tree: same, deltas: 1 });
  const other = new MemoryTree({ app: noise(900_000, 6) });
  const unlike = await addRelease(store, { version: "1.2.0", tree: other, deltas: 1 });
  assert.deepEqual([again.index.deltas, unlike.index.deltas], [[], []]);
  for (const key of (await contentsOf(store)).keys()) assert.ok(!key.startsWith("deltas/"), key);
});
