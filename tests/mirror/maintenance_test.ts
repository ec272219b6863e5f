import assert from "node:assert/strict";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { addRelease } from "../../src/publish/mod.ts";
import { MemoryTree, noise } from "../publish/memory_tree.ts";
import { NOW } from "../publish/repository_fixture.ts";
import { bodyOf, edgeOf, Origin, snapshot } from "./edge_fixture.ts";

const HOUR = 3_600_000;

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function keysOf(store: ManagedStore): Promise<string[]> {
  return (await Array.fromAsync(store.list(""))).map(({ key }) => key);
}

Deno.test("a flipped bit in any stored object is found, and mended from upstream", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(600_000, 4) });
  const { edge, maintain, store, get } = await edgeOf(origin);
  await edge.refresh();
  const good = await snapshot(store);
  const named = [...good.keys()].filter((key) => key.includes("/"));
  for (const key of named) {
    const bytes = (await store.get(key))?.bytes as Uint8Array<ArrayBuffer>;
    bytes[bytes.length >> 1]! ^= 0x10;
    await store.put(key, bytes);
    const { damaged } = await maintain({ grace: HOUR });
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
  const { edge, maintain, store, get } = await edgeOf(origin, { clock: { now: () => now } });
  await edge.refresh();
  const needed = await keysOf(store);
  const stray = `packs/${await digestOf(new Uint8Array(100))}`;
  await store.put(stray, new Uint8Array(100));
  assert.equal((await maintain({ grace: HOUR })).waiting, 1);
  now += HOUR - 1;
  assert.equal((await maintain({ grace: HOUR })).removed, 0);
  assert.ok((await keysOf(store)).includes(stray), "it may belong to a refresh under way");
  now += 1;
  const { removed, removedBytes, waiting } = await maintain({ grace: HOUR });
  assert.deepEqual([removed, removedBytes, waiting], [1, 100, 0]);
  assert.deepEqual((await keysOf(store)).filter((key) => key !== "sweep"), needed);
  assert.equal((await get("/targets/hello-1.0.0.tar")).status, 200);
});

Deno.test("sweeping while clients read and a release is brought breaks neither", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(900_000, 4) });
  const { edge, maintain, get } = await edgeOf(origin);
  await edge.refresh();
  const whole = await bodyOf(await get("/targets/hello-1.0.0.tar"));
  await origin.release("1.1.0", { app: noise(900_000, 5) });
  const [read] = await Promise.all([
    get("/targets/hello-1.0.0.tar").then(bodyOf),
    edge.refresh(),
    maintain({ grace: HOUR }),
    maintain({ grace: HOUR }),
  ]);
  assert.deepEqual(read, whole);
  assert.equal((await bodyOf(await get("/targets/hello-1.1.0.tar"))).length > 900_000, true);
});

Deno.test("a sweep touches nothing that an edge would not have named", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(50_000, 4) });
  let now = NOW;
  const { edge, maintain, store } = await edgeOf(origin, { clock: { now: () => now } });
  await edge.refresh();
  const foreign = ["index.html", "packs/readme.txt", "metadata/2.root.json", "photos/a.jpg"];
  for (const key of foreign) await store.put(key, new Uint8Array(10));
  for (let pass = 0; pass < 3; pass++, now += 2 * HOUR) await maintain({ grace: HOUR });
  for (const key of foreign) assert.notEqual(await store.head(key), undefined, key);
});

Deno.test("an edge in its publisher's own bucket removes no pack that is staged", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(50_000, 4) });
  let now = NOW;
  const { edge, maintain, store } = await edgeOf(origin, {
    store: origin.store,
    clock: { now: () => now },
  });
  await edge.refresh();
  await addRelease(origin.store, {
    version: "1.1.0",
    tree: new MemoryTree({ app: noise(9e5, 5) }),
  });
  const before = await keysOf(store);
  for (let pass = 0; pass < 3; pass++, now += 2 * HOUR) await maintain({ grace: HOUR });
  assert.deepEqual((await keysOf(store)).filter((key) => key !== "sweep"), before);
  now = NOW;
  await origin.publish();
  await edge.refresh();
  assert.equal(edge.status().releases.length, 2);
});

Deno.test("damage that the upstream can't mend now does not stop the sweep, and is mended later", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(300_000, 4) });
  let now = NOW;
  const { edge, maintain, store } = await edgeOf(origin, { clock: { now: () => now } });
  await edge.refresh();
  const good = await snapshot(store);
  const stray = `packs/${await digestOf(new Uint8Array(100))}`;
  await store.put(stray, new Uint8Array(100));
  await maintain({ grace: HOUR });
  const [pack] = [...good.keys()].filter((key) => key.startsWith("packs/"));
  const bytes = (await store.get(pack as string))?.bytes as Uint8Array<ArrayBuffer>;
  bytes[7]! ^= 1;
  await store.put(pack as string, bytes);
  origin.lie = () => Promise.reject(new TypeError("upstream is gone"));
  now += HOUR;
  const { damaged, removed } = await maintain({ grace: HOUR });
  assert.deepEqual([damaged, removed], [[pack], 1]);
  assert.equal(edge.status().trouble?.code, "offline");
  origin.lie = () => Promise.resolve(undefined);
  assert.equal(await edge.refresh(), false, "there is no news");
  assert.deepEqual([...(await store.get(pack as string))?.bytes ?? []], good.get(pack as string));
});
