/**
 * Which average chunk length pays: bytes to fetch, index and requests when the pairs of corpus.txt are
 * updated by chunks alone, for averages from 8 to 128 KiB. Missing chunks are compressed one by one.
 */
import { zstdCompressSync } from "node:zlib";
import { encodeHex } from "../src/bytes/mod.ts";
import { type Chunk, chunkStream } from "../src/chunk/mod.ts";
import { fetchCorpus } from "./corpus.ts";
import { type BenchRow, writeReport } from "./report.ts";

const KiB = 1024;
const AVERAGES = [8, 16, 32, 64, 128].map((size) => size * KiB);
/** What an index takes for a chunk: its hash, its length, where it is stored. */
const INDEX_BYTES_PER_CHUNK = 40;
const COMPRESSION_LEVEL = 100; // ZSTD_c_compressionLevel

const pairs = (await fetchCorpus("corpus.txt")).filter(({ name }) =>
  Deno.args.length === 0 || Deno.args.includes(name)
);
const rows: BenchRow[] = [];
for (const { name, folder } of pairs) {
  const before = await Deno.readFile(`${folder}old`);
  const after = await Deno.readFile(`${folder}new`);
  for (const average of AVERAGES) {
    const plan = await chunkPlan(before, after, average);
    const what = `${name}, ${average / KiB} KiB`;
    rows.push(
      { measure: `${what}: bytes`, value: plan.bytes, unit: "bytes" },
      { measure: `${what}: index`, value: plan.indexBytes, unit: "bytes" },
      { measure: `${what}: requests`, value: plan.requests, unit: "ranges" },
      {
        measure: `${what}: bytes and index`,
        value: plan.bytes + plan.indexBytes,
        unit: "bytes",
        ratio: (plan.bytes + plan.indexBytes) / after.length,
      },
    );
  }
}
await writeReport("chunk-size", "Average chunk length (ratio: to the new file)", rows);

/** What a device with `before` fetches for `after`; a request is a run of missing chunks in a row. */
async function chunkPlan(
  before: Uint8Array,
  after: Uint8Array,
  average: number,
): Promise<{ bytes: number; indexBytes: number; requests: number }> {
  const chunking = { minimum: average / 4, average, maximum: average * 4 };
  const known = new Set<string>();
  for await (const { hash } of chunkStream([before], chunking)) known.add(encodeHex(hash));
  let [bytes, chunks, requests, inRun] = [0, 0, 0, false];
  for await (const chunk of chunkStream([after], chunking)) {
    chunks++;
    const missing = isNew(chunk, known);
    if (missing) {
      bytes += zstdCompressSync(chunk.bytes, { params: { [COMPRESSION_LEVEL]: 9 } }).length;
      if (!inRun) requests++;
    }
    inRun = missing;
  }
  return { bytes, indexBytes: chunks * INDEX_BYTES_PER_CHUNK, requests };
}

function isNew({ hash }: Chunk, known: Set<string>): boolean {
  const name = encodeHex(hash);
  if (known.has(name)) return false;
  known.add(name);
  return true;
}
