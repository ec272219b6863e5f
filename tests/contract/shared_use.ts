import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";

/** Registers one promise of the contract; `held` counts the files or answers that the store has open. */
export type PromiseTest = (
  name: string,
  keeps: (store: ManagedStore, held: () => number) => Promise<void>,
) => void;

/** The promises of src/ports/store.ts to several who use one store at once, and to those who give up. */
export function promiseSharedUse(promise: PromiseTest): void {
  promise("writers that count together under a condition lose no count", async (store) => {
    await store.put("count", text("0"));
    const countTo = async (times: number, writer: number): Promise<void> => {
      for (let counted = 0; counted < times;) {
        const seen = await store.get("count");
        assert.ok(seen);
        const next = parseInt(new TextDecoder().decode(seen.bytes)) + 1;
        try {
          // Who writes the same bytes as another may be told that he wrote them.
          await store.put("count", text(`${next} by ${writer}`), { ifMatch: seen.etag });
          counted++;
        } catch (error) {
          if (!isBrecciaError(error, "storage-conflict")) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 4 }, (_, i) => countTo(5, i)));
    assert.match(await read(store, "count") ?? "", /^20 by/);
  });

  promise("of many who create one key exactly one does", async (store) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => store.put("new", text(`${i}`), { ifMatch: null })),
    );
    const created = outcomes.flatMap(({ status }, i) => status === "fulfilled" ? [`${i}`] : []);
    assert.deepEqual(created, [await read(store, "new")]);
  });

  promise(
    "an object that is put and deleted all the time is read whole or absent",
    async (store) => {
      const bodies = [1, 2, 3].map((fill) => new Uint8Array(70_000 * fill).fill(fill));
      let working = true;
      const reader = (async () => {
        do {
          await nextTurn();
          const seen = (await store.get("packs/restless"))?.bytes;
          if (seen === undefined) continue;
          assert.equal(seen.length, 70_000 * (seen[0] as number));
          assert.ok(seen.every((byte) => byte === seen[0]));
        } while (working);
      })();
      await Promise.all(bodies.map(async (body) => {
        for (let i = 0; i < 4; i++) {
          await store.put("packs/restless", body);
          await store.delete("packs/restless");
        }
      }));
      working = false;
      await reader;
      assert.equal(await store.head("packs/restless"), undefined);
    },
  );

  promise(
    "a long object that is replaced while it is read is the old one or the new",
    async (store) => {
      const body = (fill: number) => new Uint8Array(17 * 1024 * 1024 + fill).fill(fill);
      const first = await store.put("packs/long", body(1));
      const replacing = store.put("packs/long", body(2));
      let replaced = false;
      const known = replacing.then(() => replaced = true, () => replaced = true);
      while (!replaced) {
        await nextTurn();
        const { bytes } = await store.get("packs/long") ?? assert.fail("it was there all the time");
        assert.equal(bytes.length, 17 * 1024 * 1024 + (bytes[0] as number));
        assert.equal(bytes.at(-1), bytes[0]);
        assert.equal(bytes[9_000_000], bytes[0]);
      }
      await known;
      assert.notEqual(await replacing, first);
      assert.equal(
        (await store.get("packs/long", { range: { offset: 0, length: 1 } }))?.bytes[0],
        2,
      );
    },
  );

  promise("what stays while a list of pages runs is listed once, in order", async (store) => {
    const keyAt = (i: number): string => `many/${String(i).padStart(5, "0")}`;
    const numbers = Array.from({ length: 1101 }, (_, i) => i * 2);
    for (let at = 0; at < numbers.length; at += 64) {
      await Promise.all(numbers.slice(at, at + 64).map((i) => store.put(keyAt(i), text("x"))));
    }
    const listed: string[] = [];
    for await (const { key } of store.list("many/")) {
      listed.push(key);
      if (listed.length % 200 !== 100) continue;
      // Behind the reader, before it on this page, and pages ahead.
      for (const i of [1, 2 * listed.length + 9, 2 * listed.length + 1201]) {
        await store.put(keyAt(i), text("new"));
      }
      for (const i of [2, 2 * listed.length + 20, 2 * listed.length + 1200]) {
        await store.delete(keyAt(i));
      }
    }
    assert.deepEqual(listed, [...new Set(listed)].sort(), "in order, once each");
    const seen = new Set(listed);
    const there = new Set((await Array.fromAsync(store.list("many/"))).map(({ key }) => key));
    for (const i of numbers) {
      if (there.has(keyAt(i))) assert.ok(seen.has(keyAt(i)), `${keyAt(i)} stayed and is told`);
    }
  });

  promise("a write that is given up leaves the old object or the new one, whole", async (store) => {
    const old = new Uint8Array(1000).fill(1);
    for (const [turn, length] of [200_000, 200_000, 200_000, 18 * 1024 * 1024].entries()) {
      const [key, fresh] = [`packs/${turn}`, `packs/fresh-${turn}`];
      await store.put(key, old);
      const giveUp = new AbortController();
      const { signal } = giveUp;
      const body = new Uint8Array(length).fill(2);
      const writes = [store.put(key, body, { signal }), store.put(fresh, body, { signal })];
      // After so many turns of the event loop: before, in the midst and behind.
      for (let i = 0; i < turn * 3; i++) await nextTurn();
      giveUp.abort();
      await Promise.allSettled(writes);
      const seen = (await store.get(key))?.bytes as Uint8Array;
      assert.ok([old.length, length].includes(seen.length), `${seen.length} bytes`);
      assert.ok(seen.every((byte) => byte === seen[0]));
      const created = await store.get(fresh);
      assert.ok(created === undefined || created.bytes.length === length);
      const listed = await Array.fromAsync(store.list(fresh));
      assert.deepEqual(listed, created ? [{ key: fresh, size: length }] : []);
    }
  });

  promise("reads and lists that are given up hold nothing", async (store, held) => {
    for (const i of [1, 2, 3]) await store.put(`packs/${i}`, new Uint8Array(300_000).fill(i));
    const readAll = () => Promise.all([1, 2, 3].map((i) => store.get(`packs/${i}`)));
    for (let turn = 0; turn < 40; turn++) {
      const giveUp = new AbortController();
      const { signal } = giveUp;
      const reads = [1, 2, 3].map((i) => store.get(`packs/${i}`, { signal }));
      for (let i = 0; i < turn % 4; i++) await nextTurn();
      giveUp.abort();
      await Promise.allSettled(reads);
      for await (const _ of store.list("packs/")) break;
    }
    await readAll();
    assert.equal(held(), 0, "nothing stays open");
  });
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function read(store: ManagedStore, key: string): Promise<string | undefined> {
  const object = await store.get(key);
  return object && new TextDecoder().decode(object.bytes);
}

/** Lets everything else go on: a store in memory answers without a turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
