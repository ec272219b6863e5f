/**
 * `breccia edge` against nginx on the same repository, loopback, same run: an immutable object of 64 KiB and
 * a 304 for the timestamp. wrk asks; nginx has a process for each core, the edge a thread. Needs nginx and
 * wrk (apt-get).
 */
import { call } from "../tests/cli/call.ts";
import { noise } from "../tests/publish/memory_tree.ts";
import { type BenchRow, summarize, writeReport } from "./report.ts";
import { type Asked, wrk, type WrkRun } from "./wrk.ts";

/** A file whose pack, with the frames around its chunks, has 64 KiB to within a few bytes. */
const FILE_BYTES = 65_377;

const RUNS = 5;
const SECONDS = 4;

/** What the table has of each run. */
const COLUMNS = [
  { key: "rate", name: "", unit: "requests/s" },
  { key: "p99", name: ", p99", unit: "ms" },
  { key: "cpu", name: ", processor time for each", unit: "µs" },
] as const;
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
  const nginxProcess = startNginx();
  children.push(nginxProcess);
  const edge = `http://127.0.0.1:${EDGE_PORT}`;
  const nginx = `http://127.0.0.1:${NGINX_PORT}`;
  await answers(`${nginx}/${pack}`);
  const edgeProcess = startEdge(nginx);
  children.push(edgeProcess);
  await answers(`${edge}/${pack}`);

  const rows: BenchRow[] = [];
  await compare(rows, "64 KiB immutable object", "≥ 0.75", {
    edge: { url: `${edge}/${pack}`, pid: edgeProcess.pid },
    nginx: { url: `${nginx}/${pack}`, pid: nginxProcess.pid },
  });
  const timestamp = "metadata/timestamp.json";
  await compare(rows, "timestamp.json, 304", "≥ 0.5", {
    edge: {
      url: `${edge}/${timestamp}`,
      tag: await tagOf(`${edge}/${timestamp}`),
      pid: edgeProcess.pid,
    },
    nginx: {
      url: `${nginx}/${timestamp}`,
      tag: await tagOf(`${nginx}/${timestamp}`),
      pid: nginxProcess.pid,
    },
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

/** Rounds in turn, so that a machine that is busy for a while is so for both. */
async function compare(
  rows: BenchRow[],
  measure: string,
  target: string,
  { edge, nginx }: { edge: Asked; nginx: Asked },
): Promise<void> {
  const runs: { peer: WrkRun; ours: WrkRun }[] = [];
  for (const asked of [nginx, edge]) await wrk(asked, 5);
  for (let run = 0; run < RUNS; run++) {
    runs.push({ peer: await wrk(nginx, SECONDS), ours: await wrk(edge, SECONDS) });
  }
  for (const { key, name, unit } of COLUMNS) {
    const peer = summarize(runs.map(({ peer }) => peer[key]));
    const ours = summarize(runs.map(({ ours }) => ours[key]));
    const row = ({ median, range }: typeof peer) => ({ value: median, range, unit });
    rows.push({ measure: `nginx: ${measure}${name}`, ...row(peer), ratio: 1 });
    rows.push({
      measure: `edge: ${measure}${name}`,
      ...row(ours),
      ratio: ours.median / peer.median,
      ...(key === "rate" && { target }),
    });
  }
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
