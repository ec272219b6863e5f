/**
 * What the edge takes of a Worker's 128 MB, in workerd: the isolate is asked by its inspector, all the time,
 * while the cron trigger mirrors a repository and while many clients download from it. `deno task bench:worker-memory`.
 */
import { Response as WorkerdResponse } from "miniflare";
import { buildWorker } from "../bin/build_worker.ts";
import { MemoryStore } from "../cache/stores/memory.ts";
import { systemClock } from "../src/ports/mod.ts";
import { addRelease, initRepository, publishRepository } from "../src/publish/mod.ts";
import { MemoryTree, noise } from "../tests/publish/memory_tree.ts";
import { CONFIG, keyRing, roleSigners } from "../tests/publish/repository_fixture.ts";
import { type BenchRow, writeReport } from "./report.ts";
import { WorkerdIsolate } from "./workerd_isolate.ts";
import { startWorkerd } from "../tests/workers/workerd.ts";

const RELEASES = 3;
const RELEASE_BYTES = 100 * 1024 * 1024;
/** Clients at once; the last number shows what is too many. */
const CLIENTS = [12, 24];
const ISOLATE_BYTES = 128e6;

const origin = await publish();
const folder = await Deno.makeTempDir();
const rows: BenchRow[] = [];
try {
  await buildWorker(folder);
  await measure();
} finally {
  await Deno.remove(folder, { recursive: true });
}
await writeReport("worker-memory", `A Worker that mirrors ${RELEASES} releases of 100 MiB`, rows);
const over = rows.filter(({ measure, value }) =>
  value > ISOLATE_BYTES / 1e6 && !measure.startsWith(`${CLIENTS.at(-1)} `)
);
if (over.length > 0) throw new Error(`${over.map(({ measure }) => measure)}: over 128 MB`);

async function publish(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const signers = await roleSigners();
  const now = systemClock.now();
  await initRepository(store, { config: CONFIG, signers, thresholds: new Map(), now });
  for (let number = 0; number < RELEASES; number++) {
    const tree = new MemoryTree({ app: noise(RELEASE_BYTES, number + 1) });
    await addRelease(store, { version: `1.${number}.0`, tree });
  }
  await publishRepository(store, { keys: keyRing(signers), clock: systemClock });
  return store;
}

async function measure(): Promise<void> {
  const root = (await origin.get("metadata/1.root.json"))?.bytes;
  const bindings = {
    UPSTREAM: "http://origin.test/",
    TRUSTED_ROOT: new TextDecoder().decode(root),
  };
  const workerd = startWorkerd(folder, bindings, async ({ url }) => {
    const object = await origin.get(new URL(url).pathname.slice(1));
    return new WorkerdResponse(object?.bytes ?? null, { status: object ? 200 : 404 });
  }, { inspectorPort: 0 });
  try {
    await workerd.ready;
    const isolate = await WorkerdIsolate.open(await workerd.getInspectorURL());
    rows.push({ measure: "at rest", value: await isolate.bytes() / 1e6, unit: "MB" });
    const worker = await workerd.getWorker() as unknown as {
      scheduled(event: { cron: string }): Promise<{ outcome: string }>;
    };
    rows.push(
      await isolate.peak("a first pass", async () => {
        const { outcome } = await worker.scheduled({ cron: "* * * * *" });
        if (outcome !== "ok") throw new Error(outcome);
      }),
    );
    const ask = async (path: string): Promise<void> => {
      const response = await workerd.dispatchFetch(`http://edge.test/${path}`);
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      for await (const _ of response.body!);
    };
    const packs = (await Array.fromAsync(origin.list("packs/"))).map(({ key }) => key);
    const archives = Array.from({ length: RELEASES }, (_, i) => `targets/hello-1.${i}.0.tar`);
    for (const count of CLIENTS) {
      for (const [what, paths] of [["packs", packs], ["archives", archives]] as const) {
        const asked = Array.from({ length: count }, (_, i) => paths[(i + count) % paths.length]!);
        const download = () => Promise.all(asked.map(ask));
        rows.push(await isolate.peak(`${count} downloads of ${what} at once`, download));
      }
    }
    isolate.close();
  } finally {
    await workerd.dispose();
  }
}
