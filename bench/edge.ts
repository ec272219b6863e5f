/**
 * `breccia edge` against nginx on the same repository, loopback, same run: an immutable object of 64 KiB and
 * a 304 for the timestamp. wrk asks; nginx has a process for each core, the edge a thread. Needs nginx and
 * wrk (apt-get).
 */
import { call } from "../tests/cli/call.ts";
import { noise } from "../tests/publish/memory_tree.ts";
import { type BenchRow, summarize, writeReport } from "./report.ts";

/** A file whose pack, with the frames around its chunks, has 64 KiB to within a few bytes. */
const FILE_BYTES = 65_377;

const RUNS = 3;
const SECONDS = 4;
const CONNECTIONS = 64;
const WORKERS = navigator.hardwareConcurrency;
const EDGE_PORT = 18_700;
const NGINX_PORT = 18_701;

for (const tool of ["nginx", "wrk"]) {
  try {
    await new Deno.Command(tool, { args: ["-v"], stdout: "null", stderr: "null" }).output();
  } catch {
    console.error(`${tool} is not here: apt-get install nginx-light wrk`);
    Deno.exit(1);
  }
}

const folder = await Deno.makeTempDir();
const children: Deno.ChildProcess[] = [];
try {
  const pack = await prepare();
  children.push(startNginx());
  const edge = `http://127.0.0.1:${EDGE_PORT}`;
  const nginx = `http://127.0.0.1:${NGINX_PORT}`;
  await answers(`${nginx}/${pack}`);
  children.push(startEdge(nginx));
  await answers(`${edge}/${pack}`);

  const rows: BenchRow[] = [];
  await compare(rows, "64 KiB immutable object", "≥ 0.75", {
    edge: { url: `${edge}/${pack}` },
    nginx: { url: `${nginx}/${pack}` },
  });
  const timestamp = "metadata/timestamp.json";
  await compare(rows, "timestamp.json, 304", "≥ 0.5", {
    edge: { url: `${edge}/${timestamp}`, tag: await tagOf(`${edge}/${timestamp}`) },
    nginx: { url: `${nginx}/${timestamp}`, tag: await tagOf(`${nginx}/${timestamp}`) },
  });
  await writeReport(
    "edge",
    `The edge with ${WORKERS} threads beside nginx with ${WORKERS} processes`,
    rows,
  );
} finally {
  for (const child of children) {
    try {
      child.kill("SIGTERM");
    } catch {
      // It ended by itself: what it was needed for has failed, and says so.
    }
    await child.status;
  }
  await Deno.remove(folder, { recursive: true });
}

interface Asked {
  readonly url: string;
  readonly tag?: string;
}

async function compare(
  rows: BenchRow[],
  measure: string,
  target: string,
  { edge, nginx }: { edge: Asked; nginx: Asked },
): Promise<void> {
  const peer = await measured(nginx);
  const ours = await measured(edge);
  rows.push({ measure: `nginx: ${measure}`, ...peer.rate, unit: "requests/s", ratio: 1 });
  const ratio = ours.rate.value / peer.rate.value;
  rows.push({ measure: `edge: ${measure}`, ...ours.rate, unit: "requests/s", ratio, target });
  rows.push({ measure: `nginx: ${measure}, p99`, ...peer.p99, unit: "ms" });
  const p99Ratio = ours.p99.value / peer.p99.value;
  rows.push({ measure: `edge: ${measure}, p99`, ...ours.p99, unit: "ms", ratio: p99Ratio });
}

interface Sample {
  readonly value: number;
  readonly range: [number, number];
}

async function measured(asked: Asked): Promise<{ rate: Sample; p99: Sample }> {
  await wrk(asked, 1);
  const runs: { rate: number; p99: number }[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await wrk(asked, SECONDS));
  const sample = (values: number[]): Sample => {
    const { median, range } = summarize(values);
    return { value: median, range };
  };
  return { rate: sample(runs.map(({ rate }) => rate)), p99: sample(runs.map(({ p99 }) => p99)) };
}

async function wrk({ url, tag }: Asked, seconds: number): Promise<{ rate: number; p99: number }> {
  const header = tag === undefined ? [] : ["-H", `If-None-Match: ${tag}`];
  const args = ["-t2", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", ...header, url];
  const { stdout } = await new Deno.Command("wrk", { args }).output();
  const text = new TextDecoder().decode(stdout);
  const [, p99 = "", unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  const scale = unit === "us" ? 0.001 : unit === "ms" ? 1 : 1000;
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`answers failed:\n${text}`);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p99: Number(p99) * scale,
  };
}

async function prepare(): Promise<string> {
  await Deno.writeFile(`${folder}/app.bin`, noise(FILE_BYTES, 1));
  for (
    const words of [
      ["init", "repo", "--app", "bench"],
      ["add", "1.0.0", "app.bin", "--repo", "repo"],
      ["publish", "--repo", "repo"],
    ]
  ) {
    const { code, stderr } = await call(words, { cwd: folder });
    if (code !== 0) throw new Error(stderr);
  }
  for await (const { name } of Deno.readDir(`${folder}/repo/packs`)) return `packs/${name}`;
  throw new Error("the release has no pack");
}

function startNginx(): Deno.ChildProcess {
  Deno.writeTextFileSync(
    `${folder}/nginx.conf`,
    `daemon off; worker_processes ${WORKERS}; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; keepalive_requests 1000000;
  open_file_cache max=1000;
  server {
    listen 127.0.0.1:${NGINX_PORT} reuseport;
    location / { root ${folder}/repo; }
  }
}`,
  );
  const args = ["-c", `${folder}/nginx.conf`, "-e", "stderr"];
  // Its workers run as another user.
  Deno.chmodSync(folder, 0o755);
  return new Deno.Command("nginx", { args, stdout: "null" }).spawn();
}

function startEdge(upstream: string): Deno.ChildProcess {
  const main = new URL("../src/cli/main.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--allow-all", main, "edge", "--quiet", "--upstream", upstream],
      ...["--root", `${folder}/repo/metadata/1.root.json`, "--store", `fs:${folder}/store`],
      ...["--listen", `127.0.0.1:${EDGE_PORT}`, "--threads", String(WORKERS)],
    ],
    stdout: "null",
  }).spawn();
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}

async function tagOf(url: string): Promise<string> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.headers.get("etag") as string;
}
