import assert from "node:assert/strict";
import { FileStore } from "../../cache/stores/fs.ts";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { scrubStore } from "../../src/mirror/upkeep/scrub.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { crashingStore } from "../publish/crashing_store.ts";
import { noise } from "../publish/memory_tree.ts";
import { bodyOf, edgeOf, type EdgeUnderTest, Origin } from "./edge_fixture.ts";

/** Everything a client could ask for of the state that is served hangs together. */
async function assertWhole(edge: EdgeUnderTest, store: ManagedStore): Promise<string[]> {
  assert.deepEqual(await scrubStore(store), [], "no object is torn");
  const { releases, metadata } = edge.edge.status();
  if (metadata !== null) {
    for (const name of [`${metadata.snapshot}.snapshot.json`, `${metadata.targets}.targets.json`]) {
      assert.equal((await edge.get(`/metadata/${name}`)).status, 200, name);
    }
  }
  for (const { version } of releases) {
    const response = await edge.get(`/targets/hello-${version}.tar`);
    assert.equal(response.status, 200);
    assert.equal(String((await bodyOf(response)).length), response.headers.get("content-length"));
  }
  return releases.map(({ version }) => version);
}

for (const dieAfterwards of [false, true]) {
  const when = dieAfterwards ? "after" : "before";
  Deno.test(`a crash ${when} any write of a refresh leaves the old state or the new, whole`, async () => {
    const origin = await Origin.create();
    await origin.release("1.0.0", { app: noise(60_000, 1) });
    const seed = new MemoryStore();
    await (await edgeOf(origin, { store: seed })).edge.refresh();
    await origin.release("1.1.0", { app: noise(60_000, 2) });

    let completed = false;
    for (let writes = 0; !completed; writes++) {
      const store = new MemoryStore();
      for await (const { key } of seed.list("")) {
        await store.put(key, (await seed.get(key))?.bytes as Uint8Array);
      }
      const dying = crashingStore(store, { at: writes, written: dieAfterwards });
      completed = await (await edgeOf(origin, { store: dying })).edge.refresh().catch(() => false);

      const upstream = origin.lie;
      origin.lie = () => Promise.reject(new TypeError("upstream is gone"));
      const restarted = await edgeOf(origin, { store });
      const versions = await assertWhole(restarted, store);
      assert.ok(versions.length === 1 || versions.length === 2, `after ${writes} writes`);
      origin.lie = upstream;
      await restarted.edge.refresh();
      assert.equal((await assertWhole(restarted, store)).length, 2, "it goes on where it stopped");
      assert.ok(writes < 50);
    }
  });
}

Deno.test("kill -9 in the midst of a write to a directory tears nothing, and a restart goes on", async () => {
  const origin = await Origin.create();
  await origin.release("1.0.0", { app: noise(5_000_000, 1) });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    origin.fetch,
  );
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/root.json`, await origin.root());
    for (let lastWrite = 1; lastWrite <= 6; lastWrite++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--allow-all",
          "--no-check",
          "--quiet",
          new URL("crash_child.ts", import.meta.url).pathname,
          `http://127.0.0.1:${server.addr.port}/`,
          `${folder}/root.json`,
          `${folder}/store`,
          String(lastWrite),
        ],
      });
      const { signal, stderr } = await child.output();
      const said = new TextDecoder().decode(stderr);
      if (lastWrite === 1) assert.equal(signal, "SIGKILL", said);
      const store = new FileStore(`${folder}/store`);
      await store.open();
      assert.deepEqual(await scrubStore(store), [], `write ${lastWrite} left nothing torn`);
    }
    const store = new FileStore(`${folder}/store`);
    const edge = await edgeOf(origin, { store });
    await edge.edge.refresh();
    assert.deepEqual(await assertWhole(edge, store), ["1.0.0"]);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
