import assert from "node:assert/strict";
import { Response as WorkerdResponse } from "miniflare";
import { buildWorker } from "../../bin/build_worker.ts";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { systemClock } from "../../src/ports/mod.ts";
import { addRelease, initRepository, publishRepository } from "../../src/publish/mod.ts";
import { MemoryTree, noise } from "../publish/memory_tree.ts";
import { CONFIG, keyRing, roleSigners } from "../publish/repository_fixture.ts";
import { startWorkerd, type UpstreamService } from "./workerd.ts";

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

/** The text of a repository's first root. */
async function rootOf(origin: MemoryStore): Promise<string> {
  return new TextDecoder().decode((await origin.get("metadata/1.root.json"))?.bytes);
}

/** What serves `origins` by their hosts. */
function serving(origins: Readonly<Record<string, MemoryStore>>): UpstreamService {
  return async ({ url }) => {
    const { host, pathname } = new URL(url);
    const object = await origins[host]?.get(pathname.slice(1));
    return new WorkerdResponse(object?.bytes ?? null, { status: object ? 200 : 404 });
  };
}

Deno.test("the bundled edge mirrors into R2 by its cron trigger and serves from it, in workerd", async () => {
  const app = noise(700_000, 5);
  const origin = await publishToday(app);
  const folder = await Deno.makeTempDir();
  await buildWorker(folder);
  const bindings = { UPSTREAM: "http://origin.test/", TRUSTED_ROOT: await rootOf(origin) };
  const workerd = startWorkerd(folder, bindings, serving({ "origin.test": origin }));
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

Deno.test("in workerd, of two upstreams in one bucket the one that is tampered with is no matter of the other", async () => {
  const [good, bad] = [await publishToday(noise(90_000, 5)), await publishToday(noise(90_000, 6))];
  const [pack] = await Array.fromAsync(bad.list("packs/"));
  const honest = (await bad.get(pack!.key))?.bytes as Uint8Array<ArrayBuffer>;
  await bad.put(pack!.key, honest.with(99, honest[99]! ^ 1));
  const upstreams = [
    { name: "bad", url: "http://bad.test/", root: "BAD_ROOT", prefix: "/" },
    { name: "good", url: "http://good.test/", root: "GOOD_ROOT" },
  ];
  const folder = await Deno.makeTempDir();
  await buildWorker(folder);
  const workerd = startWorkerd(folder, {
    CONFIG: JSON.stringify({ upstreams }),
    BAD_ROOT: await rootOf(bad),
    GOOD_ROOT: await rootOf(good),
  }, serving({ "good.test": good, "bad.test": bad }));
  try {
    const status = async (path: string) => {
      const response = await workerd.dispatchFetch(`http://edge.test${path}`);
      await response.arrayBuffer();
      return response.status;
    };
    const worker = await workerd.getWorker() as unknown as {
      scheduled(event: { cron: string }): Promise<{ outcome: string }>;
    };
    const [goodPack] = await Array.fromAsync(good.list("packs/"));
    const paths = [
      ...["/good/targets/hello-1.0.0.tar", `/good/${goodPack!.key}`, "/good/readyz", "/readyz"],
      ...["/targets/hello-1.0.0.tar", `/${pack!.key}`, "/upstreams/bad/readyz"],
    ];
    assert.equal((await worker.scheduled({ cron: "*/5 * * * *" })).outcome, "exception");
    const before = [200, 200, 200, 200, 404, 404, 503];
    assert.deepEqual(await Promise.all(paths.map(status)), before);
    await bad.put(pack!.key, honest);
    assert.equal((await worker.scheduled({ cron: "*/5 * * * *" })).outcome, "ok");
    const deadline = performance.now() + 20_000;
    // An isolate believes what it has read for some seconds.
    while (await status("/targets/hello-1.0.0.tar") !== 200) {
      assert.ok(performance.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(await Promise.all(paths.map(status)), [200, 200, 200, 200, 200, 200, 200]);
    assert.equal(await status(`/${goodPack!.key}`), 404);
    assert.equal(await status(`/good/${pack!.key}`), 404);
  } finally {
    await workerd.dispose();
    await Deno.remove(folder, { recursive: true });
  }
});
