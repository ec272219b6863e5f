/**
 * What a browser fetches when a web asset changes: two releases of three.js through an edge, beside what
 * servers make of them with gzip, Brotli and zstd: `deno task bench:web`.
 */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { loadZstd } from "../src/codec/mod.ts";
import { assetSite, withDictionary } from "../tests/workers/web_assets.ts";
import { type BenchRow, summarize, writeReport } from "./report.ts";

const RUNS = 5;
const LEVEL = 12;
const FILES = ["three.module.js", "three.core.js", "three.webgpu.js"];

const VERSIONS = {
  before: import.meta.resolve("three-before"),
  after: import.meta.resolve("three-after"),
};

const rows: BenchRow[] = [];
const zstd = await loadZstd();
for (const name of FILES) {
  const [old, next] = await Promise.all([read("before", name), read("after", name)]);
  rows.push(row(`${name}: as it is`, next.length));
  rows.push(row(`${name}: gzip -9`, gzipSync(next, { level: 9 }).length));
  rows.push(row(`${name}: Brotli 11`, brotliCompressSync(next).length));
  rows.push(row(`${name}: zstd ${LEVEL}`, zstd.compress(next, LEVEL).length));
  const sizes: number[] = [];
  const first: number[] = [];
  const kept: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const site = await assetSite();
    const before = await site.publish(old);
    const after = await site.publish(next);
    const ask = async (times: number[]): Promise<void> => {
      const started = performance.now();
      const answer = await site.get(after.path, withDictionary(before.sha256));
      if (answer.headers.get("content-encoding") !== "dcz") throw new Error(`${name} came plainly`);
      sizes.push((await answer.arrayBuffer()).byteLength);
      times.push(performance.now() - started);
    };
    await ask(first);
    await ask(kept);
  }
  rows.push(row(`${name}: dcz from the version before`, summarize(sizes).median));
  rows.push(time(`${name}: first answer with dcz`, first), time(`${name}: a later one`, kept));
}
await writeReport("web", "Web assets: three.js 0.186.1 to 0.187.0", rows);

function row(measure: string, bytes: number): BenchRow {
  return { measure, value: bytes, unit: "bytes" };
}

function time(measure: string, runs: readonly number[]): BenchRow {
  const { median, range } = summarize(runs);
  return { measure, value: median, unit: "ms", range };
}

async function read(
  version: keyof typeof VERSIONS,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(new URL(name, VERSIONS[version]));
}
