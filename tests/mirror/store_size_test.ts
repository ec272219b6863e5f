import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { measureStore, runSizeLoop, StoreMaintenance } from "../../src/mirror/mod.ts";
import { type Log, silentLog } from "../../src/ports/mod.ts";

const HEX = (digit: string) => digit.repeat(64);

async function storeOf(sizes: Record<string, number>): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const [key, size] of Object.entries(sizes)) await store.put(key, new Uint8Array(size));
  return store;
}

Deno.test("a store is measured by kinds, without what is not an edge's", async () => {
  const store = await storeOf({
    [`packs/${HEX("1")}`]: 1000,
    [`targets/${HEX("2")}`]: 200,
    [`targets/${HEX("3")}.hint`]: 30,
    [`parts/${HEX("4")}`]: 4,
    [`deltas/${HEX("5")}`]: 50_000,
    [`metadata/${HEX("6")}`]: 600_000,
    "packs/readme.txt": 7_000_000,
    "holiday.jpg": 8_000_000,
  });
  assert.deepEqual(await measureStore(store, 5), {
    objects: 6,
    bytes: 651_234,
    contentBytes: 1234,
    deltaBytes: 50_000,
    measuredAt: 5,
  });
});

Deno.test("measuring goes on after a failure, ever less often, and costs at most a hundredth of the time", async () => {
  const store = await storeOf({ [`packs/${HEX("1")}`]: 10 });
  let now = 0;
  let broken = true;
  const clock = { now: () => now };
  const slow = Object.assign(Object.create(store) as MemoryStore, {
    async *list(prefix: string) {
      if (broken) throw new Error("no disk");
      if (waits.length > 6) now += 5000;
      yield* store.list(prefix);
    },
  });
  const events: string[] = [];
  const log: Log = (_, event) => void events.push(event);
  const keeper = new StoreMaintenance({ store: slow, edges: [], clock, log: silentLog });
  const stop = new AbortController();
  const waits: number[] = [];
  await runSizeLoop(keeper, {
    clock,
    log,
    signal: stop.signal,
    sleep: (milliseconds) => {
      waits.push(milliseconds);
      assert.equal(keeper.size === null, broken);
      broken = false;
      now += milliseconds;
      if (waits.length === 8) stop.abort();
      return Promise.resolve();
    },
  });
  assert.deepEqual(events, ["measuring the store failed"]);
  assert.deepEqual(waits, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 500_000]);
  assert.equal(keeper.size?.bytes, 10);
});
