import assert from "node:assert/strict";
import { type Clock, type Log, type ManagedStore, silentLog } from "../../src/ports/mod.ts";
import {
  type Edge,
  runMaintenanceLoop,
  runRefreshLoop,
  StoreMaintenance,
} from "../../src/mirror/mod.ts";
import { HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { edgeOf, Origin } from "./edge_fixture.ts";

const HOUR = 3_600_000;
function keeperOf(edge: Edge, store: ManagedStore, clock: Clock): StoreMaintenance {
  return new StoreMaintenance({ store, edges: [edge], clock, log: silentLog });
}

const gone = () => Promise.reject(new TypeError("upstream is gone"));

/** Time that passes only while somebody sleeps, and ends after some sleeps. */
function fakeTime(sleeps: number, during: (slept: number) => void | Promise<void> = () => {}) {
  const ended = new AbortController();
  const slept: number[] = [];
  let now = NOW;
  return {
    slept,
    clock: { now: () => now },
    signal: ended.signal,
    random: () => 0.5,
    sleep: async (milliseconds: number) => {
      slept.push(milliseconds);
      now += milliseconds;
      await during(slept.length);
      if (slept.length === sleeps) ended.abort();
    },
  };
}

Deno.test("an edge that fails waits longer each time, up to its interval, and not after a success", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(20_000, 5) });
  origin.lie = gone;
  const time = fakeTime(8, (sleeps) => {
    if (sleeps === 6) origin.lie = () => Promise.resolve(undefined);
  });
  const { edge } = await edgeOf(origin, { clock: time.clock });
  await runRefreshLoop(edge, { ...time, interval: 20_000 });
  assert.deepEqual(time.slept, [2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000, 20_000]);
  assert.equal(edge.status().trouble, null);
  assert.equal(edge.status().confirmedAt, NOW + 2000 + 4000 + 8000 + 16_000 + 20_000 * 3);
});

Deno.test("an upstream that asks to wait is left alone so long, but not for more than an hour", async () => {
  const origin = await Origin.create();
  const date = "Sat, 21 Nov 2026 08:00:00 GMT";
  const answers: Record<string, string>[] = [
    { "retry-after": "120" },
    { "retry-after": "Sat, 21 Nov 2026 08:05:00 GMT", date },
    { "retry-after": "99999999" },
    { "retry-after": "Sat, 21 Nov 2026 07:00:00 GMT", date },
    { "retry-after": "soon" },
    {},
  ];
  let asked = 0;
  origin.lie = () =>
    Promise.resolve(new Response(null, { status: 503, headers: answers[asked] ?? {} }));
  const time = fakeTime(answers.length, () => void asked++);
  const { edge } = await edgeOf(origin, { clock: time.clock });
  await runRefreshLoop(edge, { ...time, random: () => 0, interval: 10_000 });
  assert.deepEqual(time.slept, [120_000, 300_000, HOUR, 9000, 9000, 9000]);
});

Deno.test("what one of two mirrors asks for does not hold up the other", async () => {
  const set = new MirrorSet(
    ["http://a.test/", "http://b.test/"],
    new HttpClient({
      fetch: (request) =>
        Promise.resolve(
          new URL(request.url).host === "a.test"
            ? new Response(null, { status: 503, headers: { "retry-after": "60" } })
            : new Response("here"),
        ),
    }),
  );
  for (const mirror of set.mirrors) {
    await (await mirror.send("x", { maxBytes: 10 })).cancel();
  }
  assert.deepEqual(set.mirrors.map(({ askedWait }) => askedWait), [60_000, 0]);
  assert.equal(set.askedWait, 0);
});

Deno.test("a fleet of edges spreads by a tenth either way", async () => {
  const origin = await Origin.create();
  for (const [random, expected] of [[0, 54_000], [0.999999, 66_000]] as const) {
    const time = fakeTime(1);
    const { edge } = await edgeOf(origin, { clock: time.clock });
    await runRefreshLoop(edge, { ...time, random: () => random, interval: 60_000 });
    assert.ok(Math.abs((time.slept[0] as number) - expected) < 1);
  }
});

Deno.test("the store is looked after once each interval: damage is mended, leftovers go after a day", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(100_000, 5) });
  const events: Record<string, unknown>[] = [];
  const log: Log = (_level, event, fields) => events.push({ event, ...fields });
  const time = fakeTime(4, async (sleeps) => {
    if (sleeps !== 2) return;
    const [pack] = await Array.fromAsync(store.list("packs/"));
    const bytes = (await store.get(pack!.key))?.bytes as Uint8Array<ArrayBuffer>;
    bytes[9]! ^= 2;
    await store.put(pack!.key, bytes);
  });
  const { edge, store } = await edgeOf(origin, { clock: time.clock });
  await edge.refresh();
  const stray = new Uint8Array(50);
  const name = new Uint8Array(await crypto.subtle.digest("SHA-256", stray)).toHex();
  await store.put(`packs/${name}`, stray);
  await runMaintenanceLoop(keeperOf(edge, store, time.clock), {
    ...time,
    interval: 24 * HOUR,
    log,
  });
  assert.deepEqual(time.slept, [24 * HOUR, 24 * HOUR, 24 * HOUR, 24 * HOUR]);
  const done = events.filter(({ event }) => event === "store looked after");
  assert.deepEqual(done.map(({ damaged, removed }) => [damaged, removed]), [[0, 0], [1, 1], [
    0,
    0,
  ]]);
});

Deno.test("a check that fails is logged, and the next one comes", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(100_000, 5) });
  const events: string[] = [];
  const time = fakeTime(3);
  const { edge, store } = await edgeOf(origin, { clock: time.clock });
  await edge.refresh();
  let broken = true;
  const list = store.list.bind(store);
  store.list = (...args) => {
    if (!broken) return list(...args);
    broken = false;
    throw new Error("the disk is away");
  };
  await runMaintenanceLoop(keeperOf(edge, store, time.clock), {
    ...time,
    interval: HOUR,
    log: (_level, event) => events.push(event),
  });
  assert.deepEqual(events, ["looking after the store failed", "store looked after"]);
});

Deno.test("a check of a large store pauses, so that it reads 64 MiB a second at most", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(16_000_000, 5) });
  const time = fakeTime(3);
  const { edge, store } = await edgeOf(origin, { clock: time.clock });
  await edge.refresh();
  let stored = 0;
  for await (const { size } of store.list("")) stored += size;
  const sleeps: number[] = [];
  const ended = new AbortController();
  await runMaintenanceLoop(keeperOf(edge, store, time.clock), {
    ...time,
    signal: ended.signal,
    sleep: (milliseconds) => {
      if (milliseconds < HOUR / 2) sleeps.push(milliseconds);
      return Promise.resolve();
    },
    interval: HOUR,
    log: () => ended.abort(),
  });
  const paused = sleeps.reduce((sum, one) => sum + one, 0);
  const due = stored * 1000 / (64 * 1024 * 1024);
  assert.ok(paused <= due && paused > due - 60, `paused ${paused} ms of ${due}`);
});
