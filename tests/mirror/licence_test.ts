import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { ContentStore } from "../../src/mirror/content/content_store.ts";
import { VerifiedReads } from "../../src/mirror/content/verified_reads.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";
import { bodyOf, edgeOf, PATIENT } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

/** What is signed of `bytes` and of a twin that claims another length for the same digest. */
async function twins(bytes: Uint8Array<ArrayBuffer>, claimed: number): Promise<ForeignOrigin> {
  const hashes = new Map([["sha256", encodeHex(await sha256(bytes))]]);
  const origin = await ForeignOrigin.create({ "true.bin": bytes });
  await origin.claim({ "false.bin": { length: claimed, hashes } });
  origin.serve(`${hashes.get("sha256")}.false.bin`, bytes);
  return origin;
}

/** Reads an answer to its end, which must come within so many parts: one that brings nothing counts, too. */
async function readAll(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of response.body ?? []) {
    parts.push(part);
    assert.ok(parts.length < 1000, "the answer makes no progress");
  }
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

for (
  const [length, claimed] of [
    [300_000, 600_000],
    [600_000, 300_001],
    [300_000, 300_001],
    [300_000, 29],
    [29, 28],
    [28, 300_000],
  ] as const
) {
  for (const onDemand of [true]) {
    const when = onDemand ? "on demand" : "at a refresh";
    Deno.test(`one digest signed for ${length} and for ${claimed} bytes: brought ${when}, the true one is served, the other is not`, async () => {
      const bytes = pseudoRandomBytes(length, 3);
      const origin = await twins(bytes, claimed);
      const { edge, get } = await edgeOf(origin, { onDemand }, PATIENT);
      await edge.refresh();
      for (const round of [1, 2]) {
        const right = await get("targets/true.bin");
        assert.equal(right.status, 200, `round ${round}`);
        assert.deepEqual(await readAll(right), bytes);
        const wrong = await get("targets/false.bin");
        assert.notEqual(wrong.status, 200, `round ${round}`);
        assert.equal((await bodyOf(wrong)).length, 0);
        const range = await get("targets/false.bin", { range: `bytes=${claimed - 2}-` });
        assert.ok(range.status >= 400, `round ${round}`);
        await range.body?.cancel();
      }
      const name = encodeHex(await sha256(bytes));
      assert.equal((await get(`hints/${name}`)).status, length >= 256 * 1024 ? 200 : 404);
    });
  }
}

Deno.test("the length that is signed counts for what is kept in memory, too", async () => {
  const store = new MemoryStore();
  const bytes = pseudoRandomBytes(29, 1);
  const key = `targets/${encodeHex(await sha256(bytes))}`;
  await store.put(key, bytes);
  const reads = new VerifiedReads(store);
  assert.deepEqual(await reads.read(key, 29), bytes);
  assert.equal(await reads.read(key, 28), undefined);
  assert.equal(await reads.read(key, 30), undefined);
  assert.deepEqual(await reads.read(key, 29), bytes);
});

Deno.test("a look for a false length beside one for the true one does not take its place", async () => {
  const store = new MemoryStore();
  const bytes = pseudoRandomBytes(29, 1);
  const key = `targets/${encodeHex(await sha256(bytes))}`;
  await store.put(key, bytes);
  const reads = new VerifiedReads(store);
  const [wrong, right] = await Promise.all([reads.read(key, 28), reads.read(key, 29)]);
  assert.equal(wrong, undefined);
  assert.deepEqual(right, bytes);
});

Deno.test("a stored file of another length is not there", async () => {
  const store = new MemoryStore();
  const content = new ContentStore(store);
  const hashes = new Map([["sha256", encodeHex(await sha256(pseudoRandomBytes(300_000, 5)))]]);
  const body = async function* () {
    yield pseudoRandomBytes(300_000, 5);
    await Promise.resolve();
  };
  await content.ingest("targets", { length: 300_000, hashes }, body());
  assert.equal(await content.has("targets", { length: 300_000, hashes }), true);
  assert.equal(await content.has("targets", { length: 300_001, hashes }), false);
  assert.equal(
    await content.open("targets", { length: 300_001, hashes }, async () => {}),
    undefined,
  );
});
