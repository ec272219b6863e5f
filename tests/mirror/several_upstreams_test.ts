import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { StoreMaintenance } from "../../src/mirror/mod.ts";
import { type ManagedStore, silentLog } from "../../src/ports/mod.ts";
import { PausedStore } from "../faults/paused_store.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf, type EdgeUnderTest, Origin, snapshot } from "./edge_fixture.ts";
import { ForeignOrigin } from "./foreign_fixture.ts";

const HOUR = 3_600_000;
const LATER = { now: () => NOW + 2 * HOUR };
const gone = () => Promise.reject(new TypeError("upstream is gone"));

function bytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  return noise(length, seed) as Uint8Array<ArrayBuffer>;
}

/** Two upstreams in one store: releases of ours, and a repository that is not. */
async function twoUpstreams(store: ManagedStore = new MemoryStore()) {
  let now = NOW;
  const clock = { now: () => now };
  const ours = await Origin.create();
  await ours.release("1.0.0", { app: noise(300_000, 1) });
  const theirs = await ForeignOrigin.create({
    "big.bin": bytes(300_000, 2),
    small: bytes(99, 3),
  });
  const open = async (which: readonly ("ours" | "theirs")[]) => {
    const edges = new Map<string, EdgeUnderTest>();
    if (which.includes("ours")) {
      edges.set("ours", await edgeOf(ours, { store, clock, name: "ours" }));
    }
    if (which.includes("theirs")) {
      edges.set("theirs", await edgeOf(theirs, { store, clock, name: "theirs" }));
    }
    const keeper = new StoreMaintenance({
      store,
      edges: [...edges.values()].map(({ edge }) => edge),
      clock,
      log: silentLog,
    });
    return { edges, keeper };
  };
  const { edges, keeper } = await open(["ours", "theirs"]);
  const [a, b] = [edges.get("ours"), edges.get("theirs")] as [EdgeUnderTest, EdgeUnderTest];
  const pass = (milliseconds: number) => void (now += milliseconds);
  return { store, ours, theirs, a, b, keeper, open, pass };
}

async function keysOf(store: ManagedStore, prefix = ""): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ key }) => key);
}

Deno.test("what one upstream licenses is no other's: each name is answered by its own edge alone", async () => {
  const { store, a, b } = await twoUpstreams();
  await a.edge.refresh();
  const ofOurs = await keysOf(store);
  await b.edge.refresh();
  const big = await crypto.subtle.digest("SHA-256", bytes(300_000, 2));
  const hex = new Uint8Array(big).toHex();
  const paths = {
    ours: [
      ...ofOurs.filter((key) => key.startsWith("packs/")),
      "targets/hello-1.0.0.tar",
      "metadata/1.root.json",
      "metadata/timestamp.json",
    ],
    theirs: ["targets/big.bin", `targets/${hex}.big.bin`, "targets/small", `hints/${hex}`],
  };
  assert.ok(paths.ours.length > 3);
  // Asked for twice: the second answer may come from memory, and must be no one else's either.
  for (let time = 0; time < 2; time++) {
    for (const path of paths.ours.slice(0, -2)) {
      assert.equal((await a.get(`/${path}`)).status, 200, path);
      assert.equal((await b.get(`/${path}`)).status, 404, path);
    }
    for (const path of paths.theirs) {
      assert.equal((await b.get(`/${path}`)).status, 200, path);
      assert.equal((await a.get(`/${path}`)).status, 404, path);
    }
  }
  const asked = { index: new Uint8Array(big), ordinals: [0] };
  assert.equal((await b.chunks(asked)).status, 200);
  assert.equal((await a.chunks(asked)).status, 404);
  const roots = await Promise.all(
    [a, b].map(({ get }) => get("/metadata/1.root.json").then(bodyOf)),
  );
  assert.notDeepEqual(roots[0], roots[1]);
});

Deno.test("an upstream that is gone, tampered with or expired stops no other", async () => {
  const { ours, theirs, a, b, pass } = await twoUpstreams();
  await Promise.all([a.edge.refresh(), b.edge.refresh()]);
  theirs.lie = (path) => path.endsWith("timestamp.json") ? new Response("{}") : undefined;
  await ours.release("1.1.0", { app: noise(300_000, 4) });
  const [news, refused] = await Promise.allSettled([a.edge.refresh(), b.edge.refresh()]);
  assert.deepEqual([news.status, refused.status], ["fulfilled", "rejected"]);
  assert.equal(a.edge.status().trouble, null);
  assert.deepEqual(a.edge.status().reasons, []);
  assert.notEqual(b.edge.status().trouble, null);
  assert.equal((await a.get("/targets/hello-1.1.0.tar")).status, 200);
  assert.equal((await b.get("/targets/big.bin")).status, 200, "the last good state");
  theirs.lie = () => undefined;
  ours.lie = gone;
  await assert.rejects(a.edge.refresh());
  await b.edge.refresh();
  assert.equal(b.edge.status().trouble, null);
  pass(40 * 24 * HOUR);
  assert.equal(b.edge.status().ready, false, "theirs has expired");
  assert.equal(a.edge.status().ready, a.edge.status().expires! > NOW + 40 * 24 * HOUR);
});

Deno.test("the pointer of one upstream under the name of another is refused", async () => {
  const { store, ours, a, b } = await twoUpstreams();
  await Promise.all([a.edge.refresh(), b.edge.refresh()]);
  const stolen = (await store.get("upstreams/theirs"))?.bytes as Uint8Array;
  for (const key of ["upstreams/ours", "upstreams/ours.0"]) await store.put(key, stolen);
  const again = await edgeOf(ours, { store, name: "ours" });
  assert.equal(again.edge.served, undefined);
  assert.equal((await again.get("/targets/big.bin")).status, 404);
  assert.equal(again.edge.status().ready, false);
});

Deno.test("a sweep keeps what any upstream needs, and what is no longer mirrored goes after its grace", async () => {
  const { store, a, b, keeper, open, pass } = await twoUpstreams();
  await Promise.all([a.edge.refresh(), b.edge.refresh()]);
  const whole = await snapshot(store);
  for (let round = 0; round < 3; round++, pass(2 * HOUR)) await keeper.maintain({ grace: HOUR });
  await store.delete("sweep");
  assert.deepEqual(await snapshot(store), whole);

  const { keeper: alone, edges } = await open(["ours"]);
  const first = await alone.maintain({ grace: HOUR });
  assert.ok(first.waiting > 3 && first.removed === 0);
  assert.equal((await b.get("/targets/big.bin")).status, 200, "a replica may still serve it");
  pass(HOUR);
  assert.equal((await alone.maintain({ grace: HOUR })).removed, first.waiting);
  assert.deepEqual(await keysOf(store, "upstreams/"), ["upstreams/ours", "upstreams/ours.0"]);
  assert.equal((await edges.get("ours")!.get("/targets/hello-1.0.0.tar")).status, 200);
  assert.deepEqual(await edges.get("ours")!.edge.status().reasons, []);

  await b.edge.refresh();
  assert.equal((await b.get("/targets/big.bin")).status, 200, "it comes back when it is mirrored");
  const { edges: restarted } = await open(["theirs"]);
  assert.equal((await restarted.get("theirs")!.get("/targets/big.bin")).status, 200);
});

Deno.test("nothing is swept while the pointer of one upstream can't be read", async () => {
  const { store, a, b, open, pass, ours, theirs } = await twoUpstreams();
  await Promise.all([a.edge.refresh(), b.edge.refresh()]);
  const pointer = (await store.get("upstreams/theirs"))?.bytes as Uint8Array;
  pointer[70]! ^= 1;
  await store.put("upstreams/theirs", pointer);
  ours.lie = gone;
  theirs.lie = () => new Response(null, { status: 500 });
  const before = await keysOf(store);
  const { keeper, edges } = await open(["ours", "theirs"]);
  for (let round = 0; round < 3; round++, pass(2 * HOUR)) await keeper.maintain({ grace: HOUR });
  assert.deepEqual((await keysOf(store)).filter((key) => key !== "sweep"), before);
  theirs.lie = () => undefined;
  await edges.get("theirs")!.edge.refresh();
  assert.equal((await edges.get("theirs")!.get("/targets/big.bin")).status, 200);
});

Deno.test("whatever the order, a sweep takes nothing that the refresh of another upstream counts on", async () => {
  const shared = bytes(700_000, 7);
  const ours = await ForeignOrigin.create({ a: bytes(300_000, 5) });
  const theirs = await ForeignOrigin.create({ b: bytes(300_000, 6) });
  // Chunks of a target that ours has not any more, and theirs is about to have: due to be swept.
  const littered = new MemoryStore();
  const before = await edgeOf(await ForeignOrigin.create({ shared }), { store: littered });
  await before.edge.refresh();
  await littered.delete("current");
  for (const [name, origin] of Object.entries({ ours, theirs })) {
    await (await edgeOf(origin, { store: littered, name })).edge.refresh();
  }
  const keeperOf = async (store: ManagedStore, sweep = store) => {
    const clock = LATER;
    const a = await edgeOf(ours, { store, clock, name: "ours" });
    const b = await edgeOf(theirs, { store, clock, name: "theirs" });
    const edges = [a.edge, b.edge];
    return { b, keeper: new StoreMaintenance({ store: sweep, edges, clock, log: silentLog }) };
  };
  const seed = new StoreMaintenance({
    store: littered,
    edges: await Promise.all(
      Object.entries({ ours, theirs }).map(async ([name, origin]) =>
        (await edgeOf(origin, { store: littered, name })).edge
      ),
    ),
    clock: { now: () => NOW },
    log: silentLog,
  });
  assert.ok((await seed.maintain({ grace: HOUR })).waiting > 1);
  await theirs.publish({ shared });
  let swept = 0;
  for (let at = 0, reached = true; reached; at++) {
    const store = new MemoryStore();
    for (const [key, bytes] of await snapshot(littered)) {
      await store.put(key, new Uint8Array(bytes));
    }
    const paused = new PausedStore(store);
    const { b, keeper } = await keeperOf(store, paused);
    paused.pauseAt(at);
    const sweeping = keeper.maintain({ grace: HOUR });
    await paused.until(sweeping);
    await b.edge.refresh();
    paused.resume();
    swept += (await sweeping).removed;
    reached = paused.calls > at;
    await b.edge.refresh();
    const cutOff = await edgeOf({ root: () => theirs.root(), fetch: gone }, {
      store,
      clock: LATER,
      name: "theirs",
    });
    assert.deepEqual(await bodyOf(await cutOff.get("/targets/shared")), shared, `paused at ${at}`);
  }
  assert.ok(swept > 0, "in some orders there was something to sweep");
});

Deno.test("what two upstreams both license is fetched and stored once, and answered by both", async () => {
  const store = new MemoryStore();
  const shared = bytes(600_000, 7);
  const [one, two] = [
    await ForeignOrigin.create({ shared }),
    await ForeignOrigin.create({ shared }),
  ];
  const first = await edgeOf(one, { store, name: "one" });
  const second = await edgeOf(two, { store, name: "two" });
  await first.edge.refresh();
  const content = (await keysOf(store)).filter((key) => /^(?:packs|targets)\//.test(key));
  await second.edge.refresh();
  assert.deepEqual(
    (await keysOf(store)).filter((key) => /^(?:packs|targets)\//.test(key)),
    content,
  );
  assert.equal(two.targetBytes, 0);
  for (const { get } of [first, second]) {
    assert.deepEqual(await bodyOf(await get("/targets/shared")), shared);
  }
});

Deno.test("a sweep that dies anywhere leaves an upstream whole, or gone with its pointer", async () => {
  const { store, ours, theirs, a, b, open, pass } = await twoUpstreams();
  await Promise.all([a.edge.refresh(), b.edge.refresh()]);
  const { keeper: alone } = await open(["ours"]);
  const { waiting } = await alone.maintain({ grace: HOUR });
  pass(HOUR);
  const before = await snapshot(store);
  const seen = new Set<string>();
  for (let deleted = 0; deleted < waiting; deleted++) {
    const copy = new MemoryStore();
    for (const [key, bytes] of before) await copy.put(key, new Uint8Array(bytes));
    let left = deleted;
    const dying: ManagedStore = {
      get: copy.get.bind(copy),
      head: copy.head.bind(copy),
      put: copy.put.bind(copy),
      list: copy.list.bind(copy),
      delete: async (key) => {
        if (left-- === 0) throw new Error("kill -9");
        await copy.delete(key);
      },
    };
    const edge = await edgeOf(ours, { store: copy, name: "ours" });
    const keeper = new StoreMaintenance({
      ...{ store: dying, edges: [edge.edge], log: silentLog },
      clock: { now: () => NOW + HOUR },
    });
    await assert.rejects(keeper.maintain({ grace: HOUR }), /kill -9/);
    const again = await edgeOf({ root: () => theirs.root(), fetch: gone }, {
      store: copy,
      name: "theirs",
    });
    const status = again.edge.served === undefined ? "gone" : "whole";
    seen.add(status);
    if (status === "whole") {
      assert.deepEqual(await bodyOf(await again.get("/targets/big.bin")), bytes(300_000, 2));
    } else assert.deepEqual(again.edge.status().reasons, ["There is no verified metadata yet."]);
  }
  assert.deepEqual([...seen], ["whole", "gone"]);
});

Deno.test("a sweep asks nothing of an upstream on demand: one that is gone keeps nothing of another's", async () => {
  let now = NOW;
  const clock = { now: () => now };
  const store = new MemoryStore();
  const origins = { ours: await Origin.create(), theirs: await Origin.create() };
  await origins.theirs.release("1.0.0", { app: noise(300_000, 1) });
  await origins.theirs.release("1.1.0", { app: noise(300_000, 2) });
  await origins.ours.release("2.0.0", { app: noise(300_000, 3) });
  const lazy = await edgeOf(origins.theirs, { store, clock, name: "lazy", onDemand: true });
  const eager = await edgeOf(origins.ours, { store, clock, name: "eager" });
  await Promise.all([lazy.edge.refresh(), eager.edge.refresh()]);
  const whole = await bodyOf(await lazy.get("/targets/hello-1.0.0.tar"));
  const litter = bytes(5000, 9);
  const name = new Uint8Array(await crypto.subtle.digest("SHA-256", litter)).toHex();
  await store.put(`packs/${name}`, litter);
  origins.theirs.lie = gone;
  origins.theirs.requests.length = 0;
  const edges = [lazy.edge, eager.edge];
  const keeper = new StoreMaintenance({ store, edges, clock, log: silentLog });
  await keeper.maintain({ grace: HOUR });
  now += HOUR;
  assert.equal((await keeper.maintain({ grace: HOUR })).removed, 1);
  assert.deepEqual(origins.theirs.requests, []);
  assert.deepEqual(await bodyOf(await lazy.get("/targets/hello-1.0.0.tar")), whole);
});
