import assert from "node:assert/strict";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf, Origin, snapshot } from "./edge_fixture.ts";

const HOUR = 3_600_000;

async function keysOf(store: ManagedStore): Promise<string[]> {
  return (await Array.fromAsync(store.list(""))).map(({ key }) => key);
}

Deno.test("a flipped bit in any stored object is found, and mended from upstream", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(600_000, 4) });
  const { edge, store, get } = await edgeOf(origin);
  await edge.refresh();
  const good = await snapshot(store);
  const named = [...good.keys()].filter((key) => key.includes("/"));
  for (const key of named) {
    const bytes = (await store.get(key))?.bytes as Uint8Array<ArrayBuffer>;
    bytes[bytes.length >> 1]! ^= 0x10;
    await store.put(key, bytes);
    const { damaged } = await edge.maintain(store, { grace: HOUR });
    assert.deepEqual(damaged, [key]);
    for (const again of named) {
      assert.deepEqual(
        [...(await store.get(again))?.bytes ?? []],
        good.get(again),
        `${again} after ${key}`,
      );
    }
    assert.equal((await get("/metadata/timestamp.json")).status, 200);
  }
  assert.equal((await bodyOf(await get("/targets/hello-1.0.0.tar"))).length > 600_000, true);
});

Deno.test("what nothing needs goes after its grace, and what is served stays", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(300_000, 4) });
  let now = NOW;
  const { edge, store, get } = await edgeOf(origin, { clock: { now: () => now } });
  await edge.refresh();
  const needed = await keysOf(store);
  await store.put("packs/stray", new Uint8Array(100));
  assert.equal((await edge.maintain(store, { grace: HOUR })).waiting, 1);
  now += HOUR - 1;
  assert.equal((await edge.maintain(store, { grace: HOUR })).removed, 0);
  assert.ok((await keysOf(store)).includes("packs/stray"), "it may belong to a refresh under way");
  now += 1;
  const { removed, removedBytes, waiting } = await edge.maintain(store, { grace: HOUR });
  assert.deepEqual([removed, removedBytes, waiting], [1, 100, 0]);
  assert.deepEqual((await keysOf(store)).filter((key) => key !== "sweep"), needed);
  assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
});

Deno.test("sweeping while clients read and a release is brought breaks neither", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(900_000, 4) });
  const { edge, store, get } = await edgeOf(origin);
  await edge.refresh();
  const whole = await bodyOf(await get("/targets/hello-1.0.0.tar"));
  await origin.release("1.1.0", { app: noise(900_000, 5) });
  const [read] = await Promise.all([
    get("/targets/hello-1.0.0.tar").then(bodyOf),
    edge.refresh(),
    edge.maintain(store, { grace: HOUR }),
    edge.maintain(store, { grace: HOUR }),
  ]);
  assert.deepEqual(read, whole);
  assert.equal((await bodyOf(await get("/targets/hello-1.1.0.tar"))).length > 900_000, true);
});
