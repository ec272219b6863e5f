import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { isBrecciaError } from "../../src/errors.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { clock } from "../publish/repository_fixture.ts";
import { edgeOf, type EdgeUnderTest, Origin, snapshot } from "./edge_fixture.ts";

/** An origin that has published two releases, each mirrored, and how it was after the first. */
async function twoGenerations() {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(40_000, 1) });
  const { edge, store } = await edgeOf(origin);
  await edge.refresh();
  const before = await snapshot(origin.store);
  const pointer = (await store.get("current"))?.bytes as Uint8Array;
  await origin.release("1.1.0", { app: noise(40_000, 2) });
  await edge.refresh();
  return { origin, edge, store, before, pointer };
}

/** An edge that starts on `store`, cut off from its upstream. */
function restarted(origin: Origin, store: ManagedStore): Promise<EdgeUnderTest> {
  const fetch = () => Promise.reject(new TypeError("the upstream is gone"));
  return edgeOf({ root: () => origin.root(), fetch }, { store });
}

async function flipBit(store: ManagedStore, key: string): Promise<void> {
  const bytes = (await store.get(key))?.bytes as Uint8Array;
  bytes[bytes.length >> 1]! ^= 1;
  await store.put(key, bytes);
}

/** Key of the stored file that `edge` serves as `timestamp.json`. */
async function timestampKey({ get }: EdgeUnderTest): Promise<string> {
  const etag = (await get("/metadata/timestamp.json")).headers.get("etag") ?? "";
  return `metadata/${etag.replaceAll('"', "")}`;
}

const versionsOf = ({ edge }: Pick<EdgeUnderTest, "edge">): string[] =>
  edge.status().releases.map(({ version }) => version).sort();

/** Answers as the origin did when `state` was taken. */
const asBefore = (state: ReadonlyMap<string, number[]>) => (path: string): Promise<Response> => {
  const bytes = state.get(path);
  const body = bytes && new Uint8Array(bytes);
  return Promise.resolve(body ? new Response(body) : new Response(null, { status: 404 }));
};

for (
  const [damage, harm] of [
    ["torn", (store) => store.put("current", new TextEncoder().encode("{torn"))],
    ["flipped", (store) => flipBit(store, "current")],
    ["gone", (store) => store.delete("current")],
  ] as const satisfies readonly [string, (store: ManagedStore) => Promise<unknown>][]
) {
  Deno.test(`a pointer that is ${damage} costs nothing: its copy is served after a restart`, async () => {
    const { origin, store } = await twoGenerations();
    await harm(store);
    const cutOff = await restarted(origin, store);
    assert.deepEqual(versionsOf(cutOff), ["1.0.0", "1.1.0"]);
    assert.equal((await cutOff.get("/targets/hello-1.1.0.tar")).status, 200);
    await assert.rejects(cutOff.edge.refresh());

    const mended = await edgeOf(origin, { store });
    await mended.edge.refresh();
    assert.equal(mended.edge.status().trouble, null);
    assert.deepEqual(await store.get("current"), await store.get("current.1"), "it is back");
  });
}

for (const damage of ["flipped", "gone"] as const) {
  Deno.test(`metadata that is ${damage} falls back to the last generation that verifies`, async () => {
    const { origin, store, before } = await twoGenerations();
    const key = await timestampKey(await restarted(origin, store));
    await (damage === "gone" ? store.delete(key) : flipBit(store, key));
    const cutOff = await restarted(origin, store);
    assert.deepEqual(versionsOf(cutOff), ["1.0.0"]);
    assert.equal((await cutOff.get("/targets/hello-1.0.0.tar")).status, 200);
    assert.match(cutOff.edge.status().reasons.join(), /^Cannot read metadata\//);

    // What was newer is lost, and yet not forgotten.
    const kept = await snapshot(store);
    const lied = await edgeOf(origin, { store });
    origin.lie = asBefore(before);
    await assert.rejects(lied.edge.refresh(), (error) => isBrecciaError(error, "rollback"));
    assert.deepEqual(await snapshot(store), kept);
    assert.deepEqual(versionsOf(lied), ["1.0.0"], "what it has is still served");

    origin.lie = () => Promise.resolve(undefined);
    await lied.edge.refresh();
    assert.deepEqual(versionsOf(lied), ["1.0.0", "1.1.0"]);
    assert.deepEqual(versionsOf(await restarted(origin, store)), ["1.0.0", "1.1.0"]);
  });
}

Deno.test("an old pointer put back into the store takes no running edge back", async () => {
  const { origin, edge, store, before, pointer } = await twoGenerations();
  await store.put("current", pointer);
  await edge.adoptLatest();
  assert.deepEqual(versionsOf({ edge }), ["1.0.0", "1.1.0"], "it is not followed");
  origin.lie = asBefore(before);
  await assert.rejects(edge.refresh(), (error) => isBrecciaError(error, "rollback"));
  assert.deepEqual(versionsOf({ edge }), ["1.0.0", "1.1.0"]);
  origin.lie = () => Promise.resolve(undefined);
  await edge.refresh();
  assert.notDeepEqual((await store.get("current"))?.bytes, pointer, "it is replaced");
  assert.deepEqual(versionsOf(await restarted(origin, store)), ["1.0.0", "1.1.0"]);
});

Deno.test("a store in which every pointer is damaged serves nothing, and heals", async () => {
  const { origin, store } = await twoGenerations();
  for (const key of ["current", "current.0", "current.1"]) await flipBit(store, key);
  const cutOff = await restarted(origin, store);
  assert.equal((await cutOff.get("/metadata/timestamp.json")).status, 404);
  const healed = await edgeOf(origin, { store });
  await healed.edge.refresh();
  assert.deepEqual(versionsOf(healed), ["1.0.0", "1.1.0"]);
});

Deno.test("three generations are kept through sweeps, and the files of older ones go", async () => {
  let now = clock.now();
  const origin = await Origin.create();
  const { edge, store, maintain } = await edgeOf(origin, { clock: { now: () => now } });
  const timestamps: string[] = [];
  for (let minor = 0; minor < 5; minor++) {
    await origin.release(`1.${minor}.0`, { app: noise(3000, minor) });
    await edge.refresh();
    timestamps.push(await timestampKey(await restarted(origin, store)));
  }
  for (let sweeps = 0; sweeps < 3; sweeps++) {
    now += 1000;
    await maintain({ grace: 1000 });
  }
  const there = await Promise.all(
    timestamps.map(async (key) => await store.head(key) !== undefined),
  );
  assert.deepEqual(there, [false, false, true, true, true]);
  const copy = new MemoryStore();
  for await (const { key } of store.list("")) {
    await copy.put(key, (await store.get(key))?.bytes as Uint8Array);
  }
  await copy.delete(timestamps[4] as string);
  await copy.delete(timestamps[3] as string);
  assert.deepEqual(versionsOf(await restarted(origin, copy)), ["1.0.0", "1.1.0", "1.2.0"]);
});
