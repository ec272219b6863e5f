/**
 * Trust: cold refreshes and look-ups over HTTP on loopback, each in a process of its own, beside tuf-js
 * and python-tuf in the same run. The ratio is the peer's median over ours. A peer that is not installed
 * is left out: BRECCIA_PYTHON names a Python that has python-tuf.
 */
import { encodeHex, sha256 } from "../src/bytes/mod.ts";
import type { TargetFile } from "../src/tuf/mod.ts";
import { DAY, SimulatedRepository } from "../tests/simulator/repository.ts";
import { serveRepository } from "../tests/simulator/server.ts";
import { type BenchRow, summarize, writeReport } from "./report.ts";

const PYTHON = Deno.env.get("BRECCIA_PYTHON") ?? "python3";
const RUNS = 5;

/** What one run of a client reports: milliseconds, MiB, and requests of a second refresh. */
interface Run {
  readonly refresh: number;
  readonly lookups: number;
  readonly resident: number;
  readonly noOpRequests?: number;
}

const CLIENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["Breccia", [Deno.execPath(), "run", "-qA", script("breccia.ts")]],
  ["python-tuf", [PYTHON, script("python_tuf.py")]],
  ["tuf-js", [Deno.execPath(), "run", "-qA", script("tuf_js.ts")]],
]);

const rows: BenchRow[] = [];
const flat = await flatRepository(10_000);
await compare("10,000 targets in one role: cold refresh", flat, [], "refresh", "≤ 100 ms, aim 60");
await compare("100,000 targets in one role: cold refresh", await flatRepository(100_000), [
  "tuf-js",
], "refresh");
const { repository: binned, paths } = await binnedRepository();
await compare(
  "256 hash bins, 10,000 targets: 1,000 look-ups",
  binned,
  [],
  "lookups",
  "≤ python-tuf",
  paths,
);
await writeReport("tuf", "Trust: refreshes and look-ups", rows);

/** Runs every client on one repository, and adds what they report to the table. */
async function compare(
  story: string,
  repository: SimulatedRepository,
  without: readonly string[],
  field: "refresh" | "lookups",
  target?: string,
  lookups: readonly string[] = [],
): Promise<void> {
  await using server = serveRepository(repository);
  const root = repository.served.get("1.root.json") as Uint8Array;
  let ours: number | undefined;
  for (const [client, command] of CLIENTS) {
    if (without.includes(client)) continue;
    const runs: Run[] = [];
    // A peer that takes seconds is measured once: more runs would tell nothing new.
    while (runs.length < RUNS && (runs[0]?.[field] ?? 0) < 5000) {
      const run = await runClient(command, server.metadataUrl, root, lookups);
      if (run === undefined) break;
      runs.push(run);
    }
    if (runs.length === 0) {
      console.log(`left out: ${client} is not installed`);
      continue;
    }
    const { median, range } = summarize(runs.map((run) => run[field]));
    ours ??= median;
    const promise = client === "Breccia" && target !== undefined ? { target } : {};
    const measure = `${story}, ${client}`;
    rows.push({ measure, value: median, unit: "ms", range, ratio: median / ours, ...promise });
    if (field === "refresh") addResources(client, story, runs);
  }
}

function addResources(client: string, story: string, runs: readonly Run[]): void {
  const { median, range } = summarize(runs.map(({ resident }) => resident));
  const target = client === "Breccia" && story === "10,000 targets in one role: cold refresh"
    ? { target: "≤ 80 MiB" }
    : {};
  rows.push({
    measure: `… memory above idle, ${client}`,
    value: median,
    unit: "MiB",
    range,
    ...target,
  });
  const requests = runs[0]?.noOpRequests;
  if (requests !== undefined) {
    const measure = `… requests of a refresh without news, ${client}`;
    rows.push({ measure, value: requests, unit: "", target: "1" });
  }
}

async function runClient(
  [program, ...words]: readonly string[],
  url: string,
  root: Uint8Array,
  lookups: readonly string[],
): Promise<Run | undefined> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/root.json`, root);
    await Deno.writeTextFile(`${folder}/paths`, JSON.stringify(lookups));
    const args = [...words, folder, url, `${folder}/paths`];
    const { success, stdout } = await new Deno.Command(program as string, {
      args,
      stderr: "null",
    }).output();
    return success ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
  } catch {
    return undefined;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** `count` targets in the top-level role, published now. */
async function flatRepository(count: number): Promise<SimulatedRepository> {
  const repository = await SimulatedRepository.create();
  repository.role("targets").targets = await manyTargets(count);
  return await publish(repository);
}

/** 10,000 targets in 256 hash bins, and every tenth of their paths. */
async function binnedRepository(): Promise<{ repository: SimulatedRepository; paths: string[] }> {
  const repository = await SimulatedRepository.create();
  await repository.delegateToBins("targets", 8, "bin");
  const targets = await manyTargets(10_000);
  for (const [path, file] of targets) {
    const hash = encodeHex(await sha256(new TextEncoder().encode(path)));
    const bin = repository.role(`bin-${hash.slice(0, 2)}`);
    bin.targets = new Map([...bin.targets, [path, file]]);
  }
  const paths = [...targets.keys()].filter((_, index) => index % 10 === 0);
  return { repository: await publish(repository), paths };
}

async function publish(repository: SimulatedRepository): Promise<SimulatedRepository> {
  repository.expireAll(Date.now() + DAY);
  await repository.publishRoot();
  await repository.publish();
  return repository;
}

async function manyTargets(count: number): Promise<Map<string, TargetFile>> {
  const targets = new Map<string, TargetFile>();
  for (let index = 0; index < count; index++) {
    const path = `app/${index % 100}/release-${index}.tar.gz`;
    const digest = encodeHex(await sha256(new TextEncoder().encode(path)));
    targets.set(path, { length: 1_000_000 + index, hashes: new Map([["sha256", digest]]) });
  }
  return targets;
}

function script(name: string): string {
  return new URL(`tuf_client/${name}`, import.meta.url).pathname;
}
