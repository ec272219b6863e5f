import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { testStoreContract } from "../contract/store_contract.ts";

testStoreContract(
  "memory",
  () => Promise.resolve({ store: new MemoryStore(), close: () => Promise.resolve() }),
);

Deno.test("a memory store that is full says so and keeps what it has", async () => {
  const store = new MemoryStore({ capacity: 10 });
  await store.put("a", new Uint8Array(8));
  await assert.rejects(
    store.put("b", new Uint8Array(3)),
    (error) => isBrecciaError(error, "storage-full"),
  );
  assert.equal(await store.head("b"), undefined);
  await store.put("a", new Uint8Array(10));
  await store.delete("a");
  assert.equal(store.bytesHeld, 0);
});
