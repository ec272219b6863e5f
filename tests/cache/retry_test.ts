import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { RetryingStore, type RetryOptions } from "../../cache/stores/retry.ts";
import { BrecciaError, type ErrorCode, isBrecciaError } from "../../src/errors.ts";
import type { ManagedStore, PutOptions } from "../../src/ports/mod.ts";
import { testStoreContract } from "../contract/store_contract.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Options that wait in name only, and the pauses they were asked for. */
function patience(): RetryOptions & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    random: () => 1,
    wait: (milliseconds) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    },
  };
}

/** A store whose every operation fails so many times before it works, or after it worked. */
class FailingStore extends MemoryStore {
  failures = 0;
  code: ErrorCode = "storage-failed";
  failsAfterwards = false;

  #fail(): void {
    if (this.failures-- > 0) throw new BrecciaError(this.code, "Cannot reach it: try again");
  }
  override async get(...args: Parameters<ManagedStore["get"]>) {
    this.#fail();
    return await super.get(...args);
  }
  override async put(key: string, value: Uint8Array, options?: PutOptions) {
    if (!this.failsAfterwards) this.#fail();
    const etag = await super.put(key, value, options);
    if (this.failsAfterwards) this.#fail();
    return etag;
  }
  override async *list(prefix: string) {
    for await (const info of super.list(prefix)) {
      yield info;
      this.#fail();
    }
  }
}

testStoreContract(
  "retry",
  () =>
    Promise.resolve({
      store: new RetryingStore(new MemoryStore(), patience()),
      close: () => Promise.resolve(),
    }),
);

Deno.test("what may pass is tried again, with pauses that double up to a bound", async () => {
  const [store, options] = [new FailingStore(), patience()];
  store.failures = 4;
  const patient = new RetryingStore(store, { ...options, firstPause: 100, longestPause: 300 });
  await patient.put("a", bytes("1"));
  assert.deepEqual(options.pauses, [100, 200, 300, 300]);
});

Deno.test("after the last attempt the failure is the caller's", async () => {
  const [store, options] = [new FailingStore(), patience()];
  store.failures = 99;
  await assert.rejects(
    new RetryingStore(store, { ...options, attempts: 3 }).get("a"),
    (error) => isBrecciaError(error, "storage-failed"),
  );
  assert.equal(options.pauses.length, 2);
});

Deno.test("a full, denied or conflicting store is not asked again", async () => {
  for (const code of ["storage-full", "storage-denied", "storage-conflict", "usage"] as const) {
    const [store, options] = [new FailingStore(), patience()];
    Object.assign(store, { failures: 1, code });
    await assert.rejects(
      new RetryingStore(store, options).put("a", bytes("1")),
      (error) => isBrecciaError(error, code),
    );
    assert.deepEqual(options.pauses, []);
    assert.equal(await store.head("a"), undefined);
  }
});

Deno.test("a conditional write whose answer was lost is known as our own", async () => {
  const store = new FailingStore();
  Object.assign(store, { failures: 1, failsAfterwards: true });
  const patient = new RetryingStore(store, patience());
  const etag = await patient.put("pointer", bytes("mine"), { ifMatch: null });
  assert.equal((await store.get("pointer"))?.etag, etag);
});

Deno.test("a conditional write that another writer beat is a conflict, tried again or not", async () => {
  const store = new FailingStore();
  await store.put("pointer", bytes("theirs"));
  store.failures = 1;
  await assert.rejects(
    new RetryingStore(store, patience()).put("pointer", bytes("mine"), { ifMatch: null }),
    (error) => isBrecciaError(error, "storage-conflict"),
  );
  assert.deepEqual((await store.get("pointer"))?.bytes, bytes("theirs"));
});

Deno.test("a list that breaks off is told to its end, each object once", async () => {
  const store = new FailingStore();
  for (const key of ["a", "b", "c"]) await store.put(key, bytes(key));
  store.failures = 2;
  const listed = await Array.fromAsync(new RetryingStore(store, patience()).list(""));
  assert.deepEqual(listed.map(({ key }) => key), ["a", "b", "c"]);
});
