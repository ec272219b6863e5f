/**
 * Deltas of real releases against bsdiff, xdelta3, `zstd --patch-from`, casync (Debian packages of those names;
 * without casync its rows are left out) and the chunk plan: sizes, encoding, decoding. `bench/delta.ts wide` measures the pairs of corpus_wide.txt;
 * `bench/delta.ts LIST NAME …` only some pairs of a list.
 */
import { zstdCompressSync } from "node:zlib";
import { encodeHex } from "../src/bytes/mod.ts";
import { chunkStream, DEFAULT_CHUNKING } from "../src/chunk/mod.ts";
import { type CorpusPair, fetchCorpus } from "./corpus.ts";
import type { ProcessReport } from "./delta_process.ts";
import { type BenchRow, writeReport } from "./report.ts";

const MiB = 1024 * 1024;
const NATIVE = new Set(["esbuild", "deno", "libvips"]);

interface Measured {
  readonly name: string;
  readonly oldBytes: number;
  readonly newBytes: number;
  readonly sizes: Readonly<Record<"ours" | "bsdiff" | "xdelta3" | "zstd" | "chunks", number>>;
  /** What a client of casync fetches, where casync is installed. */
  readonly casyncBytes: number | undefined;
  readonly encode: ProcessReport;
  readonly decode: ProcessReport;
  readonly small: {
    readonly bytes: number;
    readonly encode: ProcessReport;
    readonly decode: ProcessReport;
  };
  readonly bsdiffSeconds: number;
}

const [list = "corpus", ...names] = Deno.args;
const pairs = await fetchCorpus(list === "corpus" ? "corpus.txt" : `corpus_${list}.txt`);
const scratch = await Deno.makeTempDir();
const measured: Measured[] = [];
try {
  for (const pair of pairs) {
    if (names.length > 0 && !names.includes(pair.name)) continue;
    measured.push(await measure(pair));
  }
} finally {
  await Deno.remove(scratch, { recursive: true });
}
await writeReport(
  list === "corpus" ? "delta" : `delta-${list}`,
  "Deltas of real releases (ratio: to bsdiff, or to the best peer)",
  measured.flatMap(rowsOf).concat(list === "corpus" ? summaryRows(measured) : []),
);

async function measure({ name, folder }: CorpusPair): Promise<Measured> {
  const [before, after] = [`${folder}old`, `${folder}new`];
  const [delta, small, restored] = [`${scratch}/delta`, `${scratch}/small`, `${scratch}/restored`];
  const encode = await ours("encode", before, after, delta);
  const decode = await ours("decode", before, delta, restored);
  await run("cmp", [after, restored]);
  const smallEncode = await ours("small", before, after, small);
  const smallDecode = await ours("decode", before, small, restored);
  await run("cmp", [after, restored]);
  const started = performance.now();
  await run("bsdiff", [before, after, `${scratch}/bsdiff`]);
  const bsdiffSeconds = (performance.now() - started) / 1000;
  await run("xdelta3", [
    "-9",
    "-S",
    "lzma",
    "-B",
    "1073741824",
    "-f",
    "-e",
    "-s",
    before,
    after,
    `${scratch}/xdelta3`,
  ]);
  await run("zstd", [
    "-q",
    "-f",
    "-22",
    "--ultra",
    "--long=31",
    `--patch-from=${before}`,
    after,
    "-o",
    `${scratch}/zstd`,
  ]);
  const size = (path: string): number => Deno.statSync(path).size;
  return {
    name,
    oldBytes: size(before),
    newBytes: size(after),
    sizes: {
      ours: size(delta),
      bsdiff: size(`${scratch}/bsdiff`),
      xdelta3: size(`${scratch}/xdelta3`),
      zstd: size(`${scratch}/zstd`),
      chunks: await chunkPlanBytes(before, after),
    },
    casyncBytes: await casyncBytes(before, after),
    encode,
    decode,
    small: { bytes: size(small), encode: smallEncode, decode: smallDecode },
    bsdiffSeconds,
  };
}

/** Bytes of the chunks that casync's store has for the new file and not for the old one. */
async function casyncBytes(before: string, after: string): Promise<number | undefined> {
  const store = `${scratch}/casync`;
  try {
    const chunks = async (file: string): Promise<Map<string, number>> => {
      await run("casync", ["make", `--store=${store}`, `${scratch}/index.caibx`, file]);
      const found = new Map<string, number>();
      for (const { name: folder } of Deno.readDirSync(store)) {
        for (const { name } of Deno.readDirSync(`${store}/${folder}`)) {
          found.set(name, Deno.statSync(`${store}/${folder}/${name}`).size);
        }
      }
      return found;
    };
    const known = await chunks(before);
    const fetched = [...await chunks(after)].filter(([name]) => !known.has(name));
    return fetched.reduce((sum, [, bytes]) => sum + bytes, 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(store, { recursive: true }).catch(() => {});
  }
}

async function ours(mode: string, ...paths: string[]): Promise<ProcessReport> {
  const script = new URL("delta_process.ts", import.meta.url).href;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", script, mode, ...paths],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${mode} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Bytes of the chunks that the old file lacks, each compressed alone at level 19. */
async function chunkPlanBytes(before: string, after: string): Promise<number> {
  const known = new Set<string>();
  for await (const { hash } of chunkStream([Deno.readFileSync(before)], DEFAULT_CHUNKING)) {
    known.add(encodeHex(hash));
  }
  let bytes = 0;
  for await (const chunk of chunkStream([Deno.readFileSync(after)], DEFAULT_CHUNKING)) {
    const name = encodeHex(chunk.hash);
    if (known.has(name)) continue;
    known.add(name);
    bytes += zstdCompressSync(chunk.bytes, { params: { 100: 19 } }).length;
  }
  return bytes;
}

function rowsOf(pair: Measured): BenchRow[] {
  const { name, sizes, encode, decode, small } = pair;
  const best = Math.min(sizes.bsdiff, sizes.zstd, sizes.chunks);
  const row = (
    measure: string,
    value: number,
    unit: string,
    ratio?: number,
    target?: string,
  ): BenchRow => ({
    measure: `${name}: ${measure}`,
    value,
    unit,
    ...(ratio === undefined ? {} : { ratio }),
    ...(target === undefined ? {} : { target }),
  });
  return [
    row("size", sizes.ours, "bytes", sizes.ours / sizes.bsdiff),
    row("size against the best peer", sizes.ours, "bytes", (sizes.ours - 1024) / best, "≤ 1.25"),
    row("bsdiff", sizes.bsdiff, "bytes"),
    row("xdelta3 -9", sizes.xdelta3, "bytes"),
    row("zstd --patch-from -22", sizes.zstd, "bytes"),
    row("chunk plan", sizes.chunks, "bytes"),
    ...(pair.casyncBytes === undefined ? [] : [row("casync", pair.casyncBytes, "bytes")]),
    row("encode", encode.seconds, "s", encode.seconds / pair.bsdiffSeconds, "≤ 0.6"),
    row(
      "encode memory",
      encode.memoryBytes / MiB,
      "MiB",
      encode.memoryBytes / pair.oldBytes,
      "≤ 12",
    ),
    row("decode", (decode.seconds / pair.newBytes) * 1e8, "s per 100 MB", undefined, "≤ 4"),
    row("decode memory above idle", decode.memoryBytes / MiB, "MiB", undefined, "≤ 128"),
    row(
      "--small: size against ours",
      small.bytes,
      "bytes",
      small.bytes / sizes.ours,
      NATIVE.has(name) ? "≤ 0.85" : undefined,
    ),
    row("--small: encode", small.encode.seconds, "s", small.encode.seconds / pair.bsdiffSeconds),
    row(
      "--small: decode",
      (small.decode.seconds / pair.newBytes) * 1e8,
      "s per 100 MB",
      undefined,
      "≤ 12",
    ),
    row(
      "--small: decode memory above idle",
      small.decode.memoryBytes / MiB,
      "MiB",
      undefined,
      "≤ 128",
    ),
  ];
}

function summaryRows(all: readonly Measured[]): BenchRow[] {
  const mean = (chosen: readonly Measured[]): number =>
    Math.exp(
      chosen.reduce((sum, { sizes }) => sum + Math.log(sizes.ours / sizes.bsdiff), 0) /
        chosen.length,
    );
  const row = (measure: string, value: number, target: string): BenchRow => (
    { measure, value, unit: "× bsdiff", ratio: value, target }
  );
  return [
    row("size, geometric mean of the five pairs", mean(all), "≤ 0.50"),
    row(
      "size, geometric mean of native programs",
      mean(all.filter(({ name }) => NATIVE.has(name))),
      "≤ 0.32",
    ),
  ];
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
}
