/**
 * How fast each store driver is, and what a directory of many objects costs: `deno task bench:store`, with
 * counts of objects behind it for other than 100,000.
 */
import { Miniflare } from "miniflare";
import { FileStore } from "../cache/stores/fs.ts";
import { MemoryStore } from "../cache/stores/memory.ts";
import { type R2Bucket, R2Store } from "../cache/stores/r2.ts";
import { S3Store } from "../cache/stores/s3/s3.ts";
import type { ManagedStore } from "../src/ports/mod.ts";
import { RADOSGW, startRadosgw } from "../tests/services/radosgw.ts";
import { type BenchRow, writeReport } from "./report.ts";

const OBJECT_BYTES = 4096;
/** Calls under way at once. */
const AT_ONCE = 16;
const MANY = Deno.args.length === 0 ? ["100000"] : Deno.args;

const rows: BenchRow[] = [];
const folder = await Deno.makeTempDir();
try {
  await measure("fs", new FileStore(`${folder}/store`, { layout: "sharded" }), 4000);
  await measure("memory", new MemoryStore(), 20_000);
  await withR2((store) => measure("r2 in miniflare", store, 500));
  if (RADOSGW.available) await withS3((store) => measure("s3 (radosgw)", store, 500));
  for (const count of MANY) rows.push(...await measureMany(`${folder}/${count}`, count));
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

async function measureMany(root: string, count: string): Promise<BenchRow[]> {
  const script = new URL("store_many.ts", import.meta.url).pathname;
  const rows: BenchRow[] = [];
  for (
    const [flags, mode] of [[[], []], [["--v8-flags=--max-old-space-size=32"], ["list"]]] as const
  ) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--quiet", ...flags, script, root, count, ...mode],
      stderr: "inherit",
    }).output();
    rows.push(...JSON.parse(new TextDecoder().decode(stdout)));
  }
  await Deno.remove(root, { recursive: true });
  return rows;
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
