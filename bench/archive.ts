/**
 * Compressed archives: how fast an edge stores them, makes them again, and sends what it has made before.
 * Content is 12 MB of the program that runs this, and the sources of this repository, by gzip(1) and zlib.
 */
import { gzip } from "pako";
import { FileStore } from "../cache/stores/fs.ts";
import { concatBytes, encodeHex, sha256 } from "../src/bytes/mod.ts";
import { useNativeHashing } from "../src/cli/runtime.ts";
import { BlockCache } from "../src/mirror/content/block_cache.ts";
import { ContentStore } from "../src/mirror/content/content_store.ts";
import { type BenchRow, summarize, writeReport } from "./report.ts";

const RUNS = 3;
const PROGRAM_BYTES = 12_000_000;
const MEGABYTE = 1e6;

useNativeHashing();
const rows: BenchRow[] = [];
for (
  const [what, content] of [["a program", await program()], ["sources", await sources()]] as const
) {
  rows.push(...await measure(`${what}, gzip -6`, await gnuGzip(content)));
  rows.push(...await measure(`${what}, zlib 6`, gzip(content, { level: 6, legacyHash: true })));
}
await writeReport("archive", "Compressed archives at an edge", rows);

/** Stores an archive, then reads it whole twice, each time by a store that has nothing in memory. */
async function measure(what: string, archive: Uint8Array<ArrayBuffer>): Promise<BenchRow[]> {
  const file = {
    length: archive.length,
    hashes: new Map([["sha256", encodeHex(await sha256(archive))]]),
  };
  const stages = {
    stored: [] as number[],
    "made again": [] as number[],
    "sent again": [] as number[],
  };
  for (let run = 0; run < RUNS; run++) {
    const folder = await Deno.makeTempDir();
    const store = new FileStore(folder);
    const shelf = new BlockCache(store, 1e9);
    const read = async () => {
      const opened = await new ContentStore(store, undefined, shelf).open("targets", file, missing);
      for await (const _ of opened!.read({ offset: 0, length: archive.length }));
      await shelf.idle();
    };
    const speed = async (work: () => Promise<void>) => {
      const started = performance.now();
      await work();
      return archive.length / MEGABYTE / ((performance.now() - started) / 1000);
    };
    const content = new ContentStore(store);
    stages.stored.push(await speed(() => content.ingest("targets", file, pieces(archive))));
    stages["made again"].push(await speed(read));
    stages["sent again"].push(await speed(read));
    await Deno.remove(folder, { recursive: true });
  }
  return Object.entries(stages).map(([stage, runs]) => {
    const { median: value, range } = summarize(runs);
    return { measure: `${what}: ${stage}`, value, unit: "MB/s of archive", range };
  });
}

function missing(): Promise<void> {
  throw new Error("the store has lost the archive");
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65536) yield bytes.subarray(at, at + 65536);
}

async function program(): Promise<Uint8Array<ArrayBuffer>> {
  const file = await Deno.open(Deno.execPath());
  const bytes = new Uint8Array(PROGRAM_BYTES);
  for (let at = 0, read; at < bytes.length; at += read) {
    read = await file.read(bytes.subarray(at)) ?? bytes.length;
  }
  file.close();
  return bytes;
}

async function sources(): Promise<Uint8Array<ArrayBuffer>> {
  const files: Uint8Array[] = [];
  const walk = async (folder: URL) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await walk(new URL(`${name}/`, folder));
      else files.push(await Deno.readFile(new URL(name, folder)));
    }
  };
  for (const folder of ["src/", "docs/", "tests/", "bench/"]) {
    await walk(new URL(`../${folder}`, import.meta.url));
  }
  return concatBytes(files);
}

async function gnuGzip(content: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, content);
  const { stdout } = await new Deno.Command("gzip", { args: ["-6", "-c", path] }).output();
  await Deno.remove(path);
  return stdout as Uint8Array<ArrayBuffer>;
}
