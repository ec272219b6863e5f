import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { QuotaStore } from "../../cache/stores/quota.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { testStoreContract } from "../contract/store_contract.ts";

const isEvictable = (key: string) => key.startsWith("packs/");
const keysOf = async (store: QuotaStore) =>
  (await Array.fromAsync(store.list(""))).map(({ key }) => key);

testStoreContract("quota", async () => ({
  store: await QuotaStore.open(new MemoryStore(), { bytes: 1e9, isEvictable }),
  close: () => Promise.resolve(),
}));

Deno.test("a store within a quota lets go of what was used longest ago, and of nothing that must stay", async () => {
  const store = await QuotaStore.open(new MemoryStore(), { bytes: 1000, isEvictable });
  await store.put("metadata/a", new Uint8Array(200));
  for (const name of ["a", "b", "c", "d"]) await store.put(`packs/${name}`, new Uint8Array(200));
  await store.get("packs/a");
  await store.put("packs/e", new Uint8Array(300));
  assert.deepEqual(await keysOf(store), ["metadata/a", "packs/a", "packs/d", "packs/e"]);
  assert.equal(store.bytesHeld, 900);
});

Deno.test("what the quota can't hold is refused, and empties nothing", async () => {
  const store = await QuotaStore.open(new MemoryStore(), { bytes: 1000, isEvictable });
  await store.put("metadata/a", new Uint8Array(600));
  await store.put("packs/a", new Uint8Array(300));
  await assert.rejects(store.put("packs/big", new Uint8Array(500)), (error) => {
    assert.ok(isBrecciaError(error, "storage-full"));
    assert.match(error.message, /--quota/);
    return true;
  });
  assert.deepEqual(await keysOf(store), ["metadata/a", "packs/a"]);
  await store.put("packs/a", new Uint8Array(400));
  assert.equal(store.bytesHeld, 1000);
});

Deno.test("a store that is over its new quota is brought within it when it is opened", async () => {
  const full = new MemoryStore();
  for (const name of ["a", "b", "c"]) await full.put(`packs/${name}`, new Uint8Array(400));
  const store = await QuotaStore.open(full, { bytes: 1000, isEvictable });
  assert.deepEqual(await keysOf(store), ["packs/b", "packs/c"]);
});

Deno.test("many puts at once stay within the quota", async () => {
  const store = await QuotaStore.open(new MemoryStore(), { bytes: 1000, isEvictable });
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => store.put(`packs/${i}`, new Uint8Array(90 + i))),
  );
  let held = 0;
  for await (const { size } of store.list("")) held += size;
  assert.ok(held <= 1000);
  assert.equal(held, store.bytesHeld);
});
