/** How fast each store driver is, and what listing many objects of one directory takes. */
import { Miniflare } from "miniflare";
import { FileStore } from "../cache/fs.ts";
import { MemoryStore } from "../cache/memory.ts";
import { type R2Bucket, R2Store } from "../cache/r2.ts";
import { S3Store } from "../cache/s3.ts";
import type { ManagedStore } from "../src/ports/mod.ts";
import { RADOSGW, startRadosgw } from "../tests/services/radosgw.ts";
import { type BenchRow, writeReport } from "./report.ts";

const OBJECT_BYTES = 4096;
/** Calls under way at once. */
const AT_ONCE = 16;
const LISTED = Number(Deno.args[0] ?? 100_000);

const rows: BenchRow[] = [];
const folder = await Deno.makeTempDir();
try {
  await measure("fs", new FileStore(`${folder}/store`), 4000);
  await measure("memory", new MemoryStore(), 20_000);
  await withR2((store) => measure("r2 in miniflare", store, 500));
  if (RADOSGW.available) await withS3((store) => measure("s3 (radosgw)", store, 500));
  rows.push(...await listMany(`${folder}/many`, LISTED));
} finally {
  await Deno.remove(folder, { recursive: true });
}
const title = `Stores: objects of ${OBJECT_BYTES} bytes, ${AT_ONCE} calls at once`;
await writeReport("store", title, rows);

async function measure(driver: string, store: ManagedStore, count: number): Promise<void> {
  const bytes = new Uint8Array(OBJECT_BYTES).fill(7);
  const keys = Array.from({ length: count }, (_, i) => `packs/${String(i).padStart(64, "0")}`);
  const rate = async (operation: string, work: () => Promise<unknown>): Promise<void> => {
    const started = performance.now();
    await work();
    const value = count * 1000 / (performance.now() - started);
    rows.push({ measure: `${driver}: ${operation}`, value, unit: "objects/s" });
  };
  await rate("put", () => atOnce(keys, (key) => store.put(key, bytes)));
  await rate("get", () => atOnce(keys, (key) => store.get(key)));
  await rate("head", () => atOnce(keys, (key) => store.head(key)));
  await rate("list", async () => {
    for await (const _ of store.list("packs/"));
  });
  await rate("delete", () => atOnce(keys, (key) => store.delete(key)));
}

async function atOnce(keys: readonly string[], act: (key: string) => Promise<unknown>) {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < keys.length) await act(keys[next++] as string);
  }));
}

async function listMany(root: string, count: number): Promise<BenchRow[]> {
  const packs = `${root}/packs`;
  await Deno.mkdir(packs, { recursive: true });
  // Written as they would be after years, without the sync of each.
  for (let i = 0; i < count; i++) {
    Deno.writeFileSync(`${packs}/${i.toString(16).padStart(8, "0").repeat(8)}`, new Uint8Array(1));
  }
  const resident = (): number => Deno.memoryUsage().rss / 1024 / 1024;
  const before = resident();
  let peak = before;
  let seen = 0;
  const started = performance.now();
  for await (const _ of new FileStore(root).list("")) {
    if (++seen % 10_000 === 0) peak = Math.max(peak, resident());
  }
  const seconds = (performance.now() - started) / 1000;
  return [
    { measure: `fs: list ${seen} objects of one folder`, value: seconds, unit: "s" },
    { measure: "fs: memory for that list", value: peak - before, unit: "MiB" },
  ];
}

async function withR2(use: (store: ManagedStore) => Promise<void>): Promise<void> {
  const workerd = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() };",
    compatibilityDate: "2026-07-01",
    r2Buckets: ["BUCKET"],
  });
  try {
    await use(new R2Store(await workerd.getR2Bucket("BUCKET") as unknown as R2Bucket));
  } finally {
    await workerd.dispose();
  }
}

async function withS3(use: (store: ManagedStore) => Promise<void>): Promise<void> {
  const service = await startRadosgw();
  try {
    await use(new S3Store(await service.createBucket()));
  } finally {
    await service.stop();
  }
}
