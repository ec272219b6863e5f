/**
 * Mirroring: `breccia mirror` brings 10,000 targets of 100 KB from loopback into a directory, then looks for
 * news. Then 1,000
 * clients ask an edge at once for a target that it does not have yet.
 */
import { type BenchRow, writeReport } from "./report.ts";

const COUNT = 10_000;
const BYTES = 100_000;
const CLIENTS = 1000;
const MiB = 1024 * 1024;

const folder = await Deno.makeTempDir();
const main = new URL("../src/cli/main.ts", import.meta.url).pathname;
const origin = start(
  new URL("mirror_origin.ts", import.meta.url).pathname,
  ...[folder, String(COUNT), String(BYTES)],
);
try {
  const lines = origin.stdout.pipeThrough(new TextDecoderStream());
  const reader = lines.getReader();
  const upstream = ((await reader.read()).value as string).trim();
  const rows: BenchRow[] = [];
  const mirror = (store: string) =>
    timed(main, "mirror", "--json", "--quiet", "--upstream", upstream, "--store", store, ...root());
  const first = await mirror(`fs:${folder}/store`);
  const rate = COUNT * BYTES / 1e6 / first.seconds;
  rows.push({ measure: "first pass: ingest", value: rate, unit: "MB/s", target: "≥ 100" });
  rows.push({ measure: "first pass: peak memory", value: first.peak / MiB, unit: "MiB" });
  rows.push({
    measure: "first pass: memory at three quarters over that at a quarter",
    value: first.at(0.75) / first.at(0.25),
    unit: "×",
    target: "flat",
  });
  const second = await mirror(`fs:${folder}/store`);
  const { requests } = JSON.parse(second.stdout);
  rows.push({ measure: "second pass", value: second.seconds, unit: "s" });
  rows.push({
    measure: "second pass: upstream requests",
    value: requests,
    unit: "requests",
    target: "≤ 3",
  });
  rows.push(...await coldTarget(upstream));
  await writeReport("mirror", `Mirroring ${COUNT} targets of ${BYTES} bytes`, rows);
} finally {
  origin.kill("SIGTERM");
  await origin.status;
  await Deno.remove(folder, { recursive: true });
}

/** Many ask at once for what the edge must fetch first. */
async function coldTarget(upstream: string): Promise<BenchRow[]> {
  const edge = start(
    main,
    ...["edge", "--on-demand", "--json", "--quiet", "--upstream", upstream, ...root()],
    ...["--store", `fs:${folder}/cold`, "--listen", "127.0.0.1:0"],
  );
  try {
    const reader = edge.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { url } = JSON.parse((await reader.read()).value as string);
    const status = async () => await (await fetch(`${url}status.json`)).json();
    while (!(await status()).ready) await new Promise((resolve) => setTimeout(resolve, 50));
    const before = await status();
    const idle = resident(edge.pid);
    const targets = await (await fetch(`${url}metadata/1.targets.json`)).json();
    const [path, { hashes }] = Object.entries(targets.signed.targets)[0] as [
      string,
      { hashes: { sha256: string } },
    ];
    const [directory, name] = path.split("/");
    const location = `${url}targets/${directory}/${hashes.sha256}.${name}`;
    const started = performance.now();
    const sizes = await Promise.all(Array.from({ length: CLIENTS }, async () => {
      return (await (await fetch(location)).arrayBuffer()).byteLength;
    }));
    const seconds = (performance.now() - started) / 1000;
    if (sizes.some((size) => size !== BYTES)) throw new Error("an answer was short");
    const after = await status();
    return [
      { measure: `${CLIENTS} clients, one cold target`, value: seconds, unit: "s" },
      {
        measure: `${CLIENTS} clients, one cold target: upstream requests`,
        value: after.upstreamTraffic.requests - before.upstreamTraffic.requests,
        unit: "requests",
        target: "1",
      },
      {
        measure: `${CLIENTS} clients, one cold target: memory above idle`,
        value: (resident(edge.pid) - idle) / MiB,
        unit: "MiB",
      },
    ];
  } finally {
    edge.kill("SIGTERM");
    await edge.status;
  }
}

function root(): string[] {
  return ["--root", `${folder}/root.json`];
}

function start(script: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", script, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

interface Timed {
  readonly seconds: number;
  readonly stdout: string;
  /** Most resident memory, in bytes. */
  readonly peak: number;
  /** Resident memory at that part of the time. */
  at(part: number): number;
}

async function timed(script: string, ...args: string[]): Promise<Timed> {
  const started = performance.now();
  const child = start(script, ...args);
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(resident(child.pid)), 100);
  const stdout = await new Response(child.stdout).text();
  const { success } = await child.status;
  clearInterval(timer);
  if (!success) throw new Error(`${args[0]} failed`);
  const seconds = (performance.now() - started) / 1000;
  const at = (part: number) => samples[Math.floor(samples.length * part)] ?? 0;
  return { seconds, stdout, peak: Math.max(...samples), at };
}

/** Memory of a process, in bytes; 0 when it has ended. */
function resident(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
