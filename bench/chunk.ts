/**
 * Chunking: each stage by itself and all together, on 100 MB of incompressible bytes. The ratio is that
 * stage's throughput over the whole command's.
 */
import { createHash } from "node:crypto";
import { sha256 } from "../src/bytes/mod.ts";
import { chunkStream, DEFAULT_CHUNKING, findCut } from "../src/chunk/mod.ts";
import { type BenchRow, summarize, writeReport } from "./report.ts";

const BYTES = 100_000_000;
const RUNS = 7;
const PART = 1024 * 1024;
const COMMAND = new URL("../src/cli/main.ts", import.meta.url).href;

const path = await Deno.makeTempFile();
try {
  await writeRandomFile(path);
  const data = await Deno.readFile(path);
  const rows: BenchRow[] = [];
  const whole = await measure(async () => await runCommand(path));
  const stage = async (measureName: string, run: () => Promise<void> | void): Promise<void> => {
    const { median, range } = await measure(run);
    rows.push({
      measure: measureName,
      value: median,
      unit: "MB/s",
      range,
      ratio: median / whole.median,
    });
  };
  rows.push({
    measure: "`breccia chunk`: read, cut and hash, as it reports itself",
    value: whole.median,
    unit: "MB/s",
    range: whole.range,
    ratio: 1,
    target: "≥ 500",
  });
  await stage("cut and hash in memory (chunkStream)", async () => {
    for await (const _chunk of chunkStream(parts(data), DEFAULT_CHUNKING));
  });
  await stage("stage: cut (gear)", () => cutAll(data));
  await stage(
    "stage: hash chunks (WebCrypto, in flight together)",
    async () => await hashAll(data),
  );
  await stage("stage: read the file", async () => await readAll(path));
  await stage("peer: one SHA-256 over the file, native and incremental", () => {
    createHash("sha256").update(data).digest();
  });
  await writeReport("chunk", "Chunking and hashing 100 MB", rows);
} finally {
  await Deno.remove(path);
}

/** Throughput in MB/s over several runs after a warm-up; a run may report its own seconds. */
async function measure(
  run: () => Promise<number | void> | number | void,
): Promise<{ median: number; range: [number, number] }> {
  await run();
  const speeds: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const started = performance.now();
    const seconds = (await run()) ?? (performance.now() - started) / 1000;
    speeds.push(BYTES / 1e6 / seconds);
  }
  return summarize(speeds);
}

async function runCommand(file: string): Promise<number> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", COMMAND, "chunk", file],
  }).output();
  const seconds = / in ([0-9.]+) s /.exec(new TextDecoder().decode(stdout))?.[1];
  if (seconds === undefined) throw new Error("the command did not report its time");
  return Number(seconds);
}

function* parts(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += PART) yield data.subarray(at, at + PART);
}

function cutAll(data: Uint8Array): void {
  for (let at = 0; at < data.length;) at = findCut(data, at, data.length, DEFAULT_CHUNKING);
}

async function hashAll(data: Uint8Array): Promise<void> {
  const hashes: Promise<unknown>[] = [];
  for (let at = 0; at < data.length; at += DEFAULT_CHUNKING.average) {
    hashes.push(sha256(data.slice(at, at + DEFAULT_CHUNKING.average)));
  }
  await Promise.all(hashes);
}

async function readAll(file: string): Promise<void> {
  using handle = await Deno.open(file);
  const buffer = new Uint8Array(PART);
  while (await handle.read(buffer) !== null);
}

async function writeRandomFile(file: string): Promise<void> {
  using handle = await Deno.open(file, { write: true });
  const writer = handle.writable.getWriter();
  for (let written = 0; written < BYTES; written += 62_500) {
    await writer.write(crypto.getRandomValues(new Uint8Array(62_500)));
  }
  await writer.close();
}
