import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { MemoryMetadataStore, refresh } from "../../src/tuf/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf, Origin, snapshot } from "./edge_fixture.ts";

const FILES = { "bin/app": noise(900_000, 7), "readme.md": "hello\n" };

/** What a new client that only knows the edge trusts. */
async function refreshThrough(edge: Awaited<ReturnType<typeof edgeOf>>, root: Uint8Array) {
  return await refresh({
    source: {
      fetch: async (name, { accept }) => {
        const response = await edge.get(`/metadata/${name}`);
        return response.status === 200 ? await accept(await bodyOf(response)) : undefined;
      },
    },
    store: new MemoryMetadataStore(),
    trustedRoot: root,
    now: NOW,
  });
}

Deno.test("a plain TUF client sees a plain TUF repository, with the archive rebuilt from chunks", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const edge = await edgeOf(origin);
  assert.equal(await edge.edge.refresh(), true);
  const metadata = await refreshThrough(edge, await origin.root());
  const target = await metadata.findTarget("hello-1.0.0.tar");
  assert.ok(target);
  const response = await edge.get(`/targets/${metadata.locationOf(target)}`);
  const archive = await bodyOf(response);
  assert.equal(archive.length, target.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", archive)).toHex();
  assert.equal(digest, target.hashes.get("sha256"));
  assert.match(response.headers.get("cache-control") ?? "", /immutable/);
  assert.ok(!origin.requests.some((path) => path.endsWith(".tar")), "no archive was fetched");
});

Deno.test("a pass without news is one request, and writes nothing", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const { edge, store } = await edgeOf(origin);
  await edge.refresh();
  const before = await snapshot(store);
  origin.requests.length = 0;
  assert.equal(await edge.refresh(), false);
  assert.deepEqual(origin.requests, ["metadata/timestamp.json"]);
  assert.deepEqual(await snapshot(store), before);
});

Deno.test("a second release brings only packs that the store lacks", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const { edge } = await edgeOf(origin);
  await edge.refresh();
  const first = origin.requests.filter((path) => path.startsWith("packs/"));
  await origin.release("1.1.0", { ...FILES, "readme.md": "hello again\n" });
  origin.requests.length = 0;
  await edge.refresh();
  const second = origin.requests.filter((path) => path.startsWith("packs/"));
  assert.ok(first.length > 0 && second.length > 0);
  assert.deepEqual(second.filter((path) => first.includes(path)), []);
});

Deno.test("after a restart the last good state is served without asking upstream", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const { edge, store } = await edgeOf(origin);
  await edge.refresh();
  origin.requests.length = 0;
  const again = await edgeOf(origin, { store });
  assert.equal((await again.get("/readyz")).status, 200);
  assert.deepEqual(
    await bodyOf(await again.get("/metadata/timestamp.json")),
    await origin.bytes("metadata/timestamp.json"),
  );
  assert.deepEqual(origin.requests, []);
});

Deno.test("a client in the midst of its refresh still finds the files of the generation before", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const { edge, get } = await edgeOf(origin);
  await edge.refresh();
  const { timestamp } = edge.status().metadata as { timestamp: number };
  const old = `/metadata/${edge.status().metadata?.snapshot}.snapshot.json`;
  await origin.release("1.1.0", FILES);
  await edge.refresh();
  assert.ok((edge.status().metadata?.timestamp as number) > timestamp);
  assert.equal((await get(old)).status, 200);
});

Deno.test("an edge mirrors an edge: only missing packs travel between tiers", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const near = await edgeOf(origin);
  await near.edge.refresh();
  const asked: string[] = [];
  const far = await edgeOf({
    root: () => origin.root(),
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      return await near.get(pathname);
    },
  });
  await far.edge.refresh();
  await origin.release("1.1.0", { ...FILES, new: "new" });
  await near.edge.refresh();
  asked.length = 0;
  await far.edge.refresh();
  assert.equal(asked.filter((path) => path.startsWith("/packs/")).length, 1);
  const target = "/targets/hello-1.1.0.tar";
  assert.deepEqual(await bodyOf(await far.get(target)), await bodyOf(await near.get(target)));
});

Deno.test("a hundred clients asking for one cold pack are one upstream request", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const { edge, get } = await edgeOf(origin, { onDemand: true });
  await edge.refresh();
  assert.equal(origin.requests.filter((path) => path.startsWith("packs/")).length, 0);
  let pack = "";
  for await (const { key } of origin.store.list("packs/")) pack = key;
  const bodies = await Promise.all(
    Array.from({ length: 100 }, async () => await bodyOf(await get(`/${pack}`))),
  );
  const honest = await origin.bytes(pack);
  for (const body of bodies) assert.deepEqual(body, honest);
  assert.equal(origin.requests.filter((path) => path === pack).length, 1);
});

Deno.test("a bit that flips in a stored pack is mended while the archive is rebuilt", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const { edge, store, get } = await edgeOf(origin);
  await edge.refresh();
  const before = await bodyOf(await get("/targets/hello-1.0.0.tar"));
  for await (const { key } of store.list("packs/")) {
    const bytes = (await store.get(key))?.bytes as Uint8Array;
    bytes[bytes.length >> 1]! ^= 1;
    await store.put(key, bytes);
  }
  assert.deepEqual(await bodyOf(await get("/targets/hello-1.0.0.tar")), before);
  for await (const { key } of store.list("packs/")) {
    assert.deepEqual((await store.get(key))?.bytes, await origin.bytes(key));
  }
});

Deno.test("a store that is full stops the refresh, and what was served is served on", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { a: "small" });
  const { edge, store, get } = await edgeOf(origin);
  await edge.refresh();
  const put = store.put.bind(store);
  const { MemoryStore } = await import("../../cache/stores/memory.ts");
  const full = new MemoryStore({ capacity: 0 });
  store.put = (key, bytes) => full.put(key, bytes);
  const before = await snapshot(store);
  await origin.release("1.1.0", FILES);
  await assert.rejects(edge.refresh(), (error) => isBrecciaError(error, "storage-full"));
  assert.deepEqual(await snapshot(store), before);
  assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
  assert.equal(edge.status().trouble?.code, "storage-full");
  store.put = put;
  assert.equal(await edge.refresh(), true);
});
