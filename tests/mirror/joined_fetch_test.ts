import assert from "node:assert/strict";
import { noise } from "../publish/memory_tree.ts";
import { bodyOf, edgeOf, Origin } from "./edge_fixture.ts";

/** An edge on demand, and another on its store that brings everything just before the first fetches. */
async function lateEdge() {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(40_000, 1) });
  const early = await edgeOf(origin, { onDemand: true });
  await early.edge.refresh();
  const joined = {
    join: async (_key: string, work: () => Promise<void>) => {
      await bodyOf(await early.get("/targets/hello-1.0.0.tar"));
      origin.requests.length = 0;
      await work();
    },
  };
  const late = await edgeOf(origin, { store: early.store, onDemand: true, joined });
  return { origin, late };
}

Deno.test("what another brought between the look and the turn is not fetched again", async () => {
  const { origin, late } = await lateEdge();
  const archive = await bodyOf(await late.get("/targets/hello-1.0.0.tar"));
  assert.deepEqual(archive.slice(512, 512 + 40_000), noise(40_000, 1));
  assert.deepEqual(origin.requests, []);
});

Deno.test("what is there and damaged is fetched all the same", async () => {
  const { origin, late } = await lateEdge();
  await bodyOf(await late.get("/targets/hello-1.0.0.tar"));
  for await (const { key } of late.store.list("packs/")) {
    const bytes = (await late.store.get(key))?.bytes as Uint8Array;
    bytes[9]! ^= 1;
    await late.store.put(key, bytes);
  }
  const archive = await bodyOf(await late.get("/targets/hello-1.0.0.tar"));
  assert.deepEqual(archive.slice(512, 512 + 40_000), noise(40_000, 1));
  assert.equal(origin.requests.filter((path) => path.startsWith("packs/")).length, 1);
});
