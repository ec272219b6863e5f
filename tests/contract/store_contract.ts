import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { type Requirement, testNeeding } from "../requirement.ts";
import { promiseSharedUse, type PromiseTest } from "./shared_use.ts";

/** An empty store, and how to end it. */
export interface OpenedStore {
  readonly store: ManagedStore;
  close(): Promise<void>;
  /** Files or answers that it has open now; missing where it opens none. */
  readonly held?: () => number;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const read = async (store: ManagedStore, key: string): Promise<string | undefined> => {
  const object = await store.get(key);
  return object && new TextDecoder().decode(object.bytes);
};
const failsWith = (code: string) => (error: unknown): boolean =>
  isBrecciaError(error) && error.code === code && !error.message.includes("\n");

async function keysOf(store: ManagedStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/**
 * Registers the promises of src/ports/store.ts as tests over one driver.
 *
 * @param requirement What must be on this machine for the driver to work; default nothing.
 */
export function testStoreContract(
  driver: string,
  openStore: () => Promise<OpenedStore>,
  requirement: Requirement = { what: "nothing", available: true },
): void {
  const promise: PromiseTest = (name, keeps) => {
    testNeeding(requirement, `${driver} store: ${name}`, async () => {
      const { store, close, held = () => 0 } = await openStore();
      try {
        await keeps(store, held);
      } finally {
        await close();
      }
    });
  };

  promise("what was put is read back, whole and by ranges", async (store) => {
    await store.put("packs/one", text("0123456789"));
    assert.equal(await read(store, "packs/one"), "0123456789");
    for (
      const [offset, length, expected] of [[0, 1, "0"], [3, 4, "3456"], [8, 99, "89"]] as const
    ) {
      const part = await store.get("packs/one", { range: { offset, length } });
      assert.equal(new TextDecoder().decode(part?.bytes), expected);
      assert.equal(part?.size, 10, "the size is that of the whole object");
    }
    assert.deepEqual(await store.head("packs/one"), { key: "packs/one", size: 10 });
  });

  promise(
    "a range of a large object is read exactly, and past the end it is empty",
    async (store) => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);
      await store.put("large", bytes);
      const middle = await store.get("large", { range: { offset: 131_071, length: 65_537 } });
      assert.deepEqual(middle?.bytes, bytes.slice(131_071, 196_608));
      const past = await store.get("large", { range: { offset: 300_000, length: 10 } });
      assert.equal(past?.bytes.length ?? 0, 0);
      assert.deepEqual((await store.get("large"))?.bytes, bytes);
    },
  );

  promise("absence is undefined, and deleting what is absent is no error", async (store) => {
    assert.equal(await store.get("packs/none"), undefined);
    assert.equal(await store.head("packs/none"), undefined);
    await store.delete("packs/none");
    assert.deepEqual(await keysOf(store, ""), []);
  });

  promise("an empty object is an object, by ranges too", async (store) => {
    const etag = await store.put("empty", new Uint8Array());
    const range = { offset: 0, length: 10 };
    for (const seen of [await store.get("empty"), await store.get("empty", { range })]) {
      assert.deepEqual([seen?.bytes.length, seen?.size, seen?.etag], [0, 0, etag]);
    }
    assert.deepEqual(await store.head("empty"), { key: "empty", size: 0 });
    await store.put("empty", text("no more"), { ifMatch: etag });
    await store.put("empty", new Uint8Array());
    assert.deepEqual(await Array.fromAsync(store.list("")), [{ key: "empty", size: 0 }]);
  });

  promise("a put replaces, and equal tags mean equal bytes", async (store) => {
    const first = await store.put("pointer", text("first"));
    assert.equal((await store.get("pointer"))?.etag, first);
    const second = await store.put("pointer", text("other"));
    assert.notEqual(first, second);
    assert.equal(await read(store, "pointer"), "other");
  });

  promise("the caller keeps its bytes, and owns those it was given", async (store) => {
    const mine = text("abc");
    await store.put("mine", mine);
    mine.fill(0);
    const given = await store.get("mine");
    given?.bytes.fill(0);
    assert.equal(await read(store, "mine"), "abc");
  });

  promise("a conditional put writes only over what its writer saw", async (store) => {
    const first = await store.put("current", text("1"), { ifMatch: null });
    await assert.rejects(
      store.put("current", text("x"), { ifMatch: null }),
      failsWith("storage-conflict"),
    );
    const second = await store.put("current", text("2"), { ifMatch: first });
    await assert.rejects(
      store.put("current", text("x"), { ifMatch: first }),
      failsWith("storage-conflict"),
    );
    assert.equal(await read(store, "current"), "2");
    await store.put("current", text("3"), { ifMatch: second });
    await assert.rejects(
      store.put("absent", text("x"), { ifMatch: second }),
      failsWith("storage-conflict"),
    );
    assert.equal(await store.head("absent"), undefined);
  });

  promise("of many conditional writers at once exactly one wins", async (store) => {
    const start = await store.put("current", text("start"));
    const outcomes = await Promise.allSettled(
      Array.from(
        { length: 8 },
        (_, i) => store.put("current", text(`winner ${i}`), { ifMatch: start }),
      ),
    );
    const won = outcomes.flatMap(({ status }, i) => status === "fulfilled" ? [`winner ${i}`] : []);
    assert.equal(won.length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        assert.ok(failsWith("storage-conflict")(outcome.reason), String(outcome.reason));
      }
    }
    assert.equal(await read(store, "current"), won[0]);
  });

  promise(
    "concurrent writers of one key never mix: readers see one of them, whole",
    async (store) => {
      const bodies = Array.from({ length: 6 }, (_, i) => new Uint8Array(100_000 + i).fill(i + 1));
      await store.put("shared", bodies[0] as Uint8Array);
      let writing = true;
      const reader = (async () => {
        while (writing) {
          const seen = (await store.get("shared"))?.bytes as Uint8Array;
          assert.equal(seen.length, 100_000 + (seen[0] as number) - 1);
          assert.ok(seen.every((byte) => byte === seen[0]));
          await new Promise((resolve) => setTimeout(resolve, 0)); // lets the writers go on
        }
      })();
      await Promise.all(bodies.map((body) => store.put("shared", body)));
      writing = false;
      await reader;
    },
  );

  promise("more than a page of keys is listed once each, in key order", async (store) => {
    const keys = Array.from({ length: 1003 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
    for (let at = 0; at < keys.length; at += 64) {
      await Promise.all(keys.slice(at, at + 64).map((key) => store.put(key, text(key))));
    }
    await store.put("other/one", text("x"));
    assert.deepEqual(await keysOf(store, "many/"), keys);
    assert.deepEqual(await keysOf(store, "many/000"), keys.slice(0, 10));
    assert.deepEqual(await keysOf(store, "absent/"), []);
  });

  promise("key order is that of characters, whatever the folders", async (store) => {
    const keys = ["a-b", "a/b", "a/c/d", "a0", "aa"];
    for (const key of keys.toReversed()) await store.put(key, text(key));
    assert.deepEqual(await keysOf(store, ""), keys);
    await store.delete("a/b");
    assert.deepEqual(await keysOf(store, "a"), ["a-b", "a/c/d", "a0", "aa"]);
    assert.equal(await store.get("a/b"), undefined);
  });

  promise("every legal key works, long ones and odd ones too", async (store) => {
    const keys = ["x".repeat(512), `${"d".repeat(255)}/${"f".repeat(256)}`, "..a/b..", "%2F~._-"];
    for (const key of keys) {
      await store.put(key, text(key));
      assert.equal(await read(store, key), key);
    }
    assert.deepEqual(await keysOf(store, ""), keys.toSorted());
  });

  promise("a hostile key is refused by every operation, and nothing is written", async (store) => {
    const hostile = ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b"];
    hostile.push(
      "a\0b",
      "a b",
      "ä",
      "+staging/x",
      "a+b",
      "C:x",
      "a?b",
      "a#b",
      "a*",
      "x".repeat(513),
    );
    for (const key of hostile) {
      await assert.rejects(store.put(key, text("x")), failsWith("usage"), key);
      await assert.rejects(store.get(key), failsWith("usage"), key);
      await assert.rejects(store.head(key), failsWith("usage"), key);
      await assert.rejects(store.delete(key), failsWith("usage"), key);
    }
    assert.deepEqual(await keysOf(store, ""), []);
    await store.put("kept", text("x"));
    for (const prefix of ["../", "/", "..", "+staging/", "kept/../", "a\0"]) {
      assert.deepEqual(await keysOf(store, prefix), [], prefix);
    }
  });

  promise(
    "a cancelled read and write throw, and a cancelled write changes nothing",
    async (store) => {
      await store.put("kept", text("kept"));
      const signal = AbortSignal.abort();
      const isCancelled = (error: unknown): boolean =>
        error === signal.reason || isBrecciaError(error, "cancelled");
      await assert.rejects(store.get("kept", { signal }), isCancelled);
      await assert.rejects(store.put("kept", text("new"), { signal }), isCancelled);
      assert.equal(await read(store, "kept"), "kept");
    },
  );

  promise("an object over 64 MiB is refused", async (store) => {
    const bytes = new Uint8Array(64 * 1024 * 1024 + 1);
    await assert.rejects(store.put("big", bytes), failsWith("usage"));
    assert.equal(await store.head("big"), undefined);
  });

  promise(
    "an object of 33 MiB is kept exactly, and read by ranges across its parts",
    async (store) => {
      const bytes = new Uint8Array(33 * 1024 * 1024 + 5);
      for (let i = 0; i < bytes.length; i += 4093) bytes[i] = i >> 12;
      const etag = await store.put("packs/long", bytes);
      const offset = 8 * 1024 * 1024 - 100_000;
      const part = await store.get("packs/long", { range: { offset, length: 200_000 } });
      assert.deepEqual(part?.bytes, bytes.slice(offset, offset + 200_000));
      const whole = await store.get("packs/long");
      assert.equal(whole?.etag, etag);
      assert.ok(whole?.bytes.every((byte, i) => byte === bytes[i]));
    },
  );

  promise("a read cancelled while it runs throws, and the next one answers", async (store) => {
    await store.put("packs/slow", new Uint8Array(4 * 1024 * 1024).fill(7));
    const cancelling = new AbortController();
    const reads = Array.from(
      { length: 4 },
      () => store.get("packs/slow", { signal: cancelling.signal }),
    );
    cancelling.abort();
    for (const outcome of await Promise.allSettled(reads)) {
      // A driver may have been done already: then it answers whole, never in part.
      if (outcome.status === "fulfilled") {
        assert.equal(outcome.value?.bytes.length, 4 * 1024 * 1024);
      }
    }
    assert.equal((await store.get("packs/slow"))?.bytes.length, 4 * 1024 * 1024);
  });

  promiseSharedUse(promise);
}
