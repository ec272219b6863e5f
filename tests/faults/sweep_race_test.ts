import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { scrubStore } from "../../src/mirror/upkeep/scrub.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { bodyOf, edgeOf, Origin } from "../mirror/edge_fixture.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { PausedStore } from "./paused_store.ts";

const HOUR = 3_600_000;
const LATER = { now: () => NOW + 2 * HOUR };
const gone = () => Promise.reject(new TypeError("upstream is gone"));

async function copyInto(target: ManagedStore, source: ManagedStore, prefix = ""): Promise<void> {
  for await (const { key } of source.list(prefix)) {
    await target.put(key, (await source.get(key))?.bytes as Uint8Array);
  }
}

/** Fails with `storage-conflict` at most: another replica was faster. */
async function orConflict(work: Promise<unknown>): Promise<void> {
  await work.catch((error) => {
    if (!isBrecciaError(error, "storage-conflict")) throw error;
  });
}

Deno.test("whatever the order, a sweep takes nothing that another replica's refresh counts on", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(200_000, 5) });
  // An edge that has packs of a release before it is published, waiting to be swept.
  const littered = new MemoryStore();
  const first = await edgeOf(origin, { store: littered });
  await first.edge.refresh();
  const early = await Origin.create();
  await copyInto(early.store, origin.store);
  await early.release("1.1.0", { app: noise(200_000, 7) });
  await copyInto(littered, early.store, "packs/");
  await first.maintain({ grace: HOUR });
  await origin.release("1.1.0", { app: noise(200_000, 7) });
  const total = await countCalls(origin, littered);
  const pauses = fc.record({
    sweep: fc.nat(total.sweep),
    refresh: fc.nat(total.refresh),
    sweepFirst: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(pauses, async (pause) => {
      const store = new MemoryStore();
      await copyInto(store, littered);
      const sweep = new PausedStore(store);
      const refresh = new PausedStore(store);
      const sweeper = await edgeOf(origin, { store, clock: LATER });
      const refresher = await edgeOf(origin, { store: refresh, clock: LATER });
      sweep.pauseAt(pause.sweep);
      refresh.pauseAt(pause.refresh);
      const works = [
        [sweep, () => orConflict(sweeper.maintain({ grace: HOUR }, sweep))],
        [refresh, () => orConflict(refresher.edge.refresh())],
      ] as const;
      // One goes to its pause, then the other to its own, then the first to its end.
      const order = pause.sweepFirst ? works : works.toReversed();
      const running: Promise<void>[] = [];
      for (const [paused, work] of order) {
        const run = work();
        running.push(run);
        await paused.until(run);
      }
      for (const [turn, [paused]] of order.entries()) {
        paused.resume();
        await running[turn];
      }
      await refresher.edge.refresh();
      assert.deepEqual(await scrubStore(store), []);
      const cutOff = await edgeOf({ root: () => origin.root(), fetch: gone }, {
        store,
        clock: LATER,
      });
      assert.equal(cutOff.edge.status().releases.length, 2);
      for (const version of ["1.0.0", "1.1.0"]) {
        const response = await cutOff.get(`/targets/hello-${version}.tar`);
        assert.equal(response.status, 200);
        assert.ok((await bodyOf(response)).length > 200_000, version);
      }
    }),
    { numRuns: 150 },
  );
});

/** How many calls a sweep and a refresh make when nothing stops them. */
async function countCalls(origin: Origin, littered: ManagedStore) {
  const copies = [new MemoryStore(), new MemoryStore()] as const;
  for (const copy of copies) await copyInto(copy, littered);
  const [sweep, refresh] = copies.map((copy) => new PausedStore(copy)) as [
    PausedStore,
    PausedStore,
  ];
  const sweeper = await edgeOf(origin, { store: copies[0], clock: LATER });
  const { removed } = await sweeper.maintain({ grace: HOUR }, sweep);
  assert.ok(removed > 0, "there is something to sweep");
  const { edge } = await edgeOf(origin, { store: refresh, clock: LATER });
  const opening = refresh.calls;
  await edge.refresh();
  return { sweep: sweep.calls, refresh: refresh.calls - opening };
}

Deno.test("of two replicas that sweep at once, neither removes what is needed", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(100_000, 4) });
  const seed = new MemoryStore();
  await (await edgeOf(origin, { store: seed })).edge.refresh();
  const needed = (await Array.fromAsync(seed.list(""))).map(({ key }) => key);
  for (let at = 0, reached = true; reached; at++) {
    const store = new MemoryStore();
    await copyInto(store, seed);
    const [one, two] = [await edgeOf(origin, { store }), await edgeOf(origin, { store })];
    const paused = new PausedStore(store);
    paused.pauseAt(at);
    const first = orConflict(one.maintain({ grace: 0 }, paused));
    await paused.until(first);
    await orConflict(two.maintain({ grace: 0 }));
    paused.resume();
    await first;
    reached = paused.calls > at;
    const kept = (await Array.fromAsync(store.list(""))).map(({ key }) => key);
    assert.deepEqual(kept.filter((key) => key !== "sweep"), needed);
  }
});
