/**
 * Peak memory of client and edge while a 1 GiB single-file release moves, above their idle memory, and
 * the requests of an update. Linux only: it reads VmHWM from /proc.
 */
import { startEdge } from "../examples/demo/breccia_command.ts";
import { serveFiles } from "../examples/demo/origin.ts";
import { type BenchRow, writeReport } from "./report.ts";

const BYTES = 1024 ** 3;
const MIB = 1024 ** 2;
const PROGRAM = new URL("../src/cli/main.ts", import.meta.url).href;

const scratch = await Deno.makeTempDir({ prefix: "breccia-bench-" });
const repository = `${scratch}/repository`;
const rows: BenchRow[] = [];
let idlePeak: Promise<number> | undefined;
try {
  await Deno.mkdir(`${scratch}/build`);
  await writeHalfRandomFile(`${scratch}/build/image`);
  await run("init", repository, "--app", "image", "--yes");
  const origin = serveFiles(repository);
  const root = ["--root", `${repository}/metadata/1.root.json`];
  const edge = await startEdge(
    ...["--upstream", `http://127.0.0.1:${origin.addr.port}/`, ...root, "--interval", "1"],
    ...["--store", `fs:${scratch}/edge`, "--listen", "127.0.0.1:0"],
  );
  try {
    const idleEdge = peakOf(edge.pid);
    const added = await run("add", "1.0.0", `${scratch}/build`, "--repo", repository);
    report("publisher: peak while it adds 1 GiB, above idle", added);
    await run("publish", "--repo", repository);
    await mirrored(edge.url);
    const moved = await run("update", "--at", `${scratch}/device`, "--from", edge.url, ...root);
    report("client: peak while 1 GiB moves, above idle", moved, "≤ 128 MiB");
    report("edge: peak while 1 GiB moves, above idle", peakOf(edge.pid) - idleEdge, "≤ 128 MiB");
  } finally {
    await edge.stop();
    await origin.shutdown();
  }
  await writeReport("memory", "Memory while a 1 GiB single-file release moves", rows);
} finally {
  await Deno.remove(scratch, { recursive: true });
}

function report(measure: string, peak: number, target?: string): void {
  rows.push(row(measure, peak, target));
}

function row(measure: string, bytes: number, target?: string): BenchRow {
  return { measure, value: bytes / MIB, unit: "MiB", ...(target === undefined ? {} : { target }) };
}

/** Waits until the edge serves the release. */
async function mirrored(edge: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const answer = await fetch(new URL("metadata/2.targets.json", edge));
    await answer.body?.cancel();
    if (answer.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the edge did not mirror the release within a minute");
}

/** Runs a command and samples its peak; the result is above an idle `breccia --version`. */
async function run(...args: string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", PROGRAM, ...args, "--quiet"],
    stdout: "null",
  }).spawn();
  let peak = 0;
  const timer = setInterval(() => peak = Math.max(peak, peakOf(child.pid)), 50);
  const { success } = await child.status;
  clearInterval(timer);
  if (!success) throw new Error(`breccia ${args[0]} failed`);
  return peak - await idle();
}

/** What the runtime takes before it does anything: a Deno process that waits. */
function idle(): Promise<number> {
  idlePeak ??= (async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", "console.log(1); setTimeout(() => {}, 60000)"],
      stdout: "piped",
    }).spawn();
    await child.stdout.getReader().read();
    const peak = peakOf(child.pid);
    child.kill();
    await child.status;
    return peak;
  })();
  return idlePeak;
}

function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Half of it compresses, half does not. */
async function writeHalfRandomFile(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const block = new Uint8Array(MIB);
  for (let written = 0; written < BYTES; written += block.length) {
    for (let at = 0; at < block.length / 2; at += 65536) {
      crypto.getRandomValues(block.subarray(at, at + 65536));
    }
    new DataView(block.buffer).setUint32(block.length / 2, written, true);
    for (let done = 0; done < block.length;) done += await file.write(block.subarray(done));
  }
}
