import assert from "node:assert/strict";
import { Miniflare, Response as WorkerdResponse } from "miniflare";
import { buildWorker } from "../../bin/build_worker.ts";
import { MemoryStore } from "../../cache/memory.ts";
import { systemClock } from "../../src/ports/mod.ts";
import { addRelease, initRepository, publishRepository } from "../../src/publish/mod.ts";
import { MemoryTree, noise } from "../publish/memory_tree.ts";
import { CONFIG, keyRing, roleSigners } from "../publish/repository_fixture.ts";

const ARCHIVE = "http://edge.test/targets/hello-1.0.0.tar";

/** A repository signed today: workerd has no clock but the machine's. */
async function publishToday(app: Uint8Array): Promise<MemoryStore> {
  const store = new MemoryStore();
  const signers = await roleSigners();
  const now = systemClock.now();
  await initRepository(store, { config: CONFIG, signers, thresholds: new Map(), now });
  await addRelease(store, { version: "1.0.0", tree: new MemoryTree({ app }) });
  await publishRepository(store, { keys: keyRing(signers), clock: systemClock });
  return store;
}

/** The bundle in workerd, with an empty bucket, in front of `origin`. */
async function startWorkerd(folder: string, origin: MemoryStore): Promise<Miniflare> {
  const root = await origin.get("metadata/1.root.json");
  return new Miniflare({
    rootPath: folder,
    modulesRoot: folder,
    modules: [
      { type: "ESModule", path: `${folder}/worker.js` },
      { type: "ESModule", path: `${folder}/cloudflare.js` },
      { type: "CompiledWasm", path: `${folder}/zstd.wasm` },
    ],
    compatibilityDate: "2026-07-01",
    r2Buckets: ["BUCKET"],
    bindings: {
      UPSTREAM: "http://origin.test/",
      TRUSTED_ROOT: new TextDecoder().decode(root?.bytes),
    },
    serviceBindings: {
      async UPSTREAM_SERVICE({ url }: { readonly url: string }) {
        const object = await origin.get(new URL(url).pathname.slice(1));
        return new WorkerdResponse(object?.bytes ?? null, { status: object ? 200 : 404 });
      },
    },
  });
}

Deno.test("the bundled edge mirrors into R2 by its cron trigger and serves from it, in workerd", async () => {
  const app = noise(700_000, 5);
  const origin = await publishToday(app);
  const folder = await Deno.makeTempDir();
  await buildWorker(folder);
  const workerd = await startWorkerd(folder, origin);
  try {
    const ask = async (url: string, headers: Record<string, string> = {}) => {
      const response = await workerd.dispatchFetch(url, { headers });
      return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
    };
    assert.equal((await ask("http://edge.test/readyz")).status, 503);
    assert.equal((await ask(ARCHIVE)).status, 404);

    const worker = await workerd.getWorker() as unknown as {
      scheduled(event: { cron: string }): Promise<{ outcome: string }>;
    };
    assert.equal((await worker.scheduled({ cron: "*/5 * * * *" })).outcome, "ok");

    const timestamp = await ask("http://edge.test/metadata/timestamp.json");
    assert.deepEqual(timestamp.bytes, (await origin.get("metadata/timestamp.json"))?.bytes);
    const archive = await ask(ARCHIVE);
    assert.equal(archive.status, 200);
    assert.deepEqual(archive.bytes.slice(512, 512 + app.length), app, "after one tar header");
    // Requests of one isolate at the same time, which share its memory and may share nothing else.
    const answers = await Promise.all(Array.from({ length: 24 }, (_, i) => {
      const path =
        ["metadata/timestamp.json", "metadata/1.root.json", "targets/hello-1.0.0.tar"][i % 3];
      return ask(`http://edge.test/${path}`);
    }));
    assert.ok(answers.every(({ status }) => status === 200));
    const range = await ask(ARCHIVE, { range: "bytes=600-699" });
    assert.equal(range.status, 206);
    assert.deepEqual(range.bytes, archive.bytes.slice(600, 700));
  } finally {
    await workerd.dispose();
    await Deno.remove(folder, { recursive: true });
  }
});
