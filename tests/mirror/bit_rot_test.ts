import assert from "node:assert/strict";
import { FileStore } from "../../cache/stores/fs.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { noise } from "../publish/memory_tree.ts";
import { bodyOf, edgeOf, Origin } from "./edge_fixture.ts";

/** Longer than what is sent in one piece, so that streams are attacked, too. */
const FILES = { app: noise(600_000, 4), small: noise(30_000, 5) };

async function keysBelow(store: ManagedStore, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ key }) => key);
}

async function flipBit(store: ManagedStore, key: string, at: number): Promise<void> {
  const bytes = (await store.get(key))?.bytes as Uint8Array<ArrayBuffer>;
  bytes[Math.floor((bytes.length - 1) * at)]! ^= 0x04;
  await store.put(key, bytes);
}

async function edgeOnDisk(origin: Origin, folder: string) {
  const under = await edgeOf(origin, { store: new FileStore(folder) });
  if (!under.edge.status().ready) await under.edge.refresh();
  return under;
}

for (const when of ["under a running edge", "before a restart"]) {
  Deno.test(`a bit that flips ${when} is served by no route, and mended`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const origin = await Origin.create();
      await origin.release("1.0.0", FILES);
      const first = await edgeOnDisk(origin, folder);
      const keys = [
        ...await keysBelow(first.store, "packs/"),
        ...await keysBelow(first.store, "targets/"),
      ];
      const good = new Map<string, Uint8Array<ArrayBuffer>>();
      for (const key of keys) {
        good.set(key, (await first.store.get(key))?.bytes as Uint8Array<ArrayBuffer>);
      }
      for (const key of keys.filter((key) => key.startsWith("packs/"))) {
        for (const at of [0, 0.5, 1]) {
          await flipBit(first.store, key, at);
          const { get } = when === "before a restart" ? await edgeOnDisk(origin, folder) : first;
          const right = good.get(key) as Uint8Array<ArrayBuffer>;
          const ranged = await get(`/${key}`, { range: "bytes=0-99" });
          assert.equal(ranged.status, 206);
          assert.deepEqual(await bodyOf(ranged), right.slice(0, 100));
          assert.deepEqual(await bodyOf(await get(`/${key}`)), right);
          if (when === "before a restart") {
            assert.deepEqual((await first.store.get(key))?.bytes, right, "mended in the store");
          } else await first.maintain({ grace: 1000 });
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("chunks are never answered from a damaged pack", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const { edge, store } = await edgeOf(origin);
  await edge.refresh();
  for (const key of await keysBelow(store, "packs/")) await flipBit(store, key, 0.5);
  const honest = await edgeOf(origin);
  await honest.edge.refresh();
  const restarted = await edgeOf(origin, { store });
  for (const key of await keysBelow(origin.store, "targets/")) {
    const name = /([0-9a-f]{64})\./.exec(key)?.[1];
    if (name === undefined) continue;
    const request = { index: Uint8Array.fromHex(name), ordinals: [0, 1] };
    const right = await honest.chunks(request);
    assert.equal(right.status, 200);
    assert.deepEqual(await bodyOf(await restarted.chunks(request)), await bodyOf(right));
    return;
  }
  assert.fail("the repository has no index");
});

Deno.test("damage that the upstream cannot mend is an error, not an answer", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", FILES);
  const { edge, store } = await edgeOf(origin);
  await edge.refresh();
  const [pack] = await keysBelow(store, "packs/");
  await flipBit(store, pack as string, 0.3);
  origin.lie = () => Promise.resolve(new Response(null, { status: 503 }));
  const { get } = await edgeOf(origin, { store });
  const refused = await get(`/${pack}`);
  assert.equal(refused.status, 502);
  assert.equal((await bodyOf(refused)).length, 0);
});
