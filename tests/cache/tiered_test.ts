import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { TieredStore } from "../../cache/stores/tiered.ts";
import { BrecciaError } from "../../src/errors.ts";
import { silentLog } from "../../src/ports/mod.ts";
import { testStoreContract } from "../contract/store_contract.ts";

/** A far store that counts the reads that reach it. */
class FarStore extends MemoryStore {
  reads = 0;
  override get(...args: Parameters<MemoryStore["get"]>) {
    this.reads++;
    return super.get(...args);
  }
}

/** A near store on a disk that is gone. */
class BrokenStore extends MemoryStore {
  override put(): Promise<string> {
    return Promise.reject(new BrecciaError("storage-failed", "Cannot write: EIO; check the disk"));
  }
}

const settings = {
  isImmutable: (key: string) => key.startsWith("packs/"),
  nearBytes: 1000,
  log: silentLog,
};

testStoreContract(
  "tiered",
  () =>
    Promise.resolve({
      store: new TieredStore({ near: new MemoryStore(), far: new MemoryStore(), ...settings }),
      close: () => Promise.resolve(),
    }),
);

Deno.test("an immutable object is read from the far store once, a pointer every time", async () => {
  const [near, far] = [new MemoryStore(), new FarStore()];
  await far.put("packs/a", new Uint8Array([1, 2, 3]));
  await far.put("current", new Uint8Array([1]));
  const store = new TieredStore({ near, far, ...settings });
  for (let i = 0; i < 3; i++) {
    assert.deepEqual((await store.get("packs/a"))?.bytes, new Uint8Array([1, 2, 3]));
    const range = { offset: 1, length: 1 };
    assert.deepEqual((await store.get("packs/a", { range }))?.bytes, new Uint8Array([2]));
  }
  assert.equal(far.reads, 1);
  await store.get("current");
  await far.put("current", new Uint8Array([2]));
  assert.deepEqual((await store.get("current"))?.bytes, new Uint8Array([2]));
});

Deno.test("copies stay within their bound: what was used longest ago goes", async () => {
  const [near, far] = [new MemoryStore(), new FarStore()];
  const store = new TieredStore({ near, far, ...settings });
  await store.put("packs/a", new Uint8Array(400));
  await store.put("packs/b", new Uint8Array(400));
  await store.get("packs/a");
  await store.put("packs/c", new Uint8Array(400));
  await store.put("packs/over", new Uint8Array(1001));
  const kept = (await Array.fromAsync(near.list(""))).map(({ key }) => key);
  assert.deepEqual(kept, ["packs/a", "packs/c"]);
  assert.equal((await store.get("packs/b"))?.size, 400);
});

Deno.test("a near store that fails costs speed and nothing else", async () => {
  const far = new FarStore();
  const store = new TieredStore({ near: new BrokenStore(), far, ...settings });
  await store.put("packs/a", new Uint8Array([7]));
  assert.deepEqual((await store.get("packs/a"))?.bytes, new Uint8Array([7]));
  await store.delete("packs/a");
  assert.equal(await store.get("packs/a"), undefined);
});
