/**
 * The main job on two real releases, end to end: `deno task demo`. Exits 0 when every step did what it
 * promises, and leaves nothing running; `--keep` leaves the edge up until Ctrl-C.
 */
import { breccia, type CommandResult, startEdge } from "./breccia_command.ts";
import { compareTrees } from "./compare_trees.ts";
import { serveTampered } from "./hostile_edge.ts";
import { serveFiles } from "./origin.ts";
import { type NpmRelease, npmReleases } from "./releases.ts";
import { formatMoves, type Move } from "./report.ts";

const started = performance.now();
const scratch = await Deno.makeTempDir({ prefix: "breccia-demo-" });
const repository = `${scratch}/repository`;
const root = `${repository}/metadata/1.root.json`;
const closing: (() => Promise<void>)[] = [];

try {
  await demonstrate();
} catch (error) {
  console.error(`\ndemo failed: ${error instanceof Error ? error.message : String(error)}`);
  Deno.exitCode = 1;
} finally {
  for (const close of closing.reverse()) await close();
  await Deno.remove(scratch, { recursive: true });
}

async function demonstrate(): Promise<void> {
  const [before, after] = npmReleases();
  const moves: Move[] = [];
  say(`Two releases of three from the npm registry: ${before.version} and ${after.version}`);

  await must(
    "create a repository and its keys",
    "init",
    repository,
    "--app",
    "three",
    "--yes",
  );
  await publish(before);

  const origin = serveFiles(repository);
  closing.push(() => origin.shutdown());
  const edge = await startEdge(
    ...["--upstream", `http://127.0.0.1:${origin.addr.port}/`, "--root", root, "--interval", "1"],
    ...["--store", `fs:${scratch}/edge`, "--listen", "127.0.0.1:0"],
  );
  closing.push(edge.stop);
  step("start an edge", edge.url);

  const device = `${scratch}/device`;
  const spare = `${scratch}/spare`;
  const first = ["--from", edge.url, "--root", root];
  moves.push(await update(`install ${before.version}`, device, ...first));
  await same(before, device);
  await update(`install ${before.version} on a second device`, spare, ...first);
  await noUpdateYet(device);

  await publish(after);
  await available(device);
  const plan = await must("show the plan", "plan", "--at", device);
  const planned = bytesOf(plan)["total"] as number;
  say(`    ${planned.toLocaleString("en-US")} bytes to fetch; ${changesOf(plan)}`);
  const moved = await update(`update to ${after.version}`, device);
  moves.push(moved);
  await same(after, device);
  await must("verify every file against the signed index", "status", "--at", device, "--verify");

  await must("roll back", "rollback", "--at", device);
  await same(before, device);
  await must("and forward again", "rollback", "--at", device);
  await same(after, device);

  await refuseTampering(edge.url, spare, before);
  say(`\n${formatMoves(moves)}`);
  say(`\nAll as promised, in ${seconds(started)} s.`);
  if (Deno.args.includes("--keep")) await keep(edge.url);
}

/** An attacker owns the edge: the update must fail, and what is installed must stay as it is. */
async function refuseTampering(edge: string, device: string, installed: NpmRelease): Promise<void> {
  const hostile = serveTampered(edge);
  closing.push(() => hostile.shutdown());
  const from = `http://127.0.0.1:${hostile.addr.port}/`;
  const refused = await breccia("update", "--at", device, "--from", from);
  if (refused.code < 3 || !/error\[(chunk|frame|pack|delta)-/.test(refused.stderr)) {
    throw new Error(`a tampered chunk was not refused: exit ${refused.code}, ${refused.stderr}`);
  }
  step("tamper with a chunk at the edge", `exit ${refused.code}`);
  say(wrapped(refused.stderr.split("\n")[0] as string));
  await same(installed, device);
}

/** Adds and publishes one release. */
async function publish({ version, path }: NpmRelease): Promise<void> {
  await must(`add ${version}`, "add", version, path, "--repo", repository);
  await must(`sign and publish ${version}`, "publish", "--repo", repository);
}

/** Updates a device, and holds the bytes that came against the plan. */
async function update(name: string, device: string, ...flags: string[]): Promise<Move> {
  const result = await must(name, "update", "--at", device, ...flags);
  const bytes = bytesOf(result);
  const document = result.documents.at(-1) as { received: number; requests: number };
  if (bytes["transferred"] !== bytes["total"]) {
    throw new Error(
      `${bytes["transferred"]} bytes were transferred, and ${bytes["total"]} planned`,
    );
  }
  return {
    name,
    archive: bytes["release"] as number,
    full: bytes["full"] as number,
    chunks: bytes["missing"] as number,
    transferred: document.received,
    requests: document.requests,
    seconds: result.seconds,
  };
}

/** A check with nothing new is one request and under 1 KB. */
async function noUpdateYet(device: string): Promise<void> {
  const result = await breccia("check", "--at", device);
  const { requests, bytes } = result.documents.at(-1) as { requests: number; bytes: number };
  if (result.code !== 1 || requests !== 1 || bytes >= 1000) {
    throw new Error(
      `a check with nothing new: exit ${result.code}, ${requests} requests, ${bytes} bytes`,
    );
  }
  step("check when nothing is new", `1 request, ${bytes} bytes`);
}

/** Waits until the edge has mirrored the new release and a check finds it. */
async function available(device: string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const result = await breccia("check", "--at", device);
    if (result.code === 0) return step("check", "an update is available");
    if (result.code !== 1) throw new Error(`check failed: ${result.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error("the edge did not pick up the new release within 15 s");
}

/** Compares what is installed with what the registry delivered, byte by byte. */
async function same({ path, version }: NpmRelease, device: string): Promise<void> {
  const files = await compareTrees(path, `${device}/current`);
  say(`    ${files} files compared with three ${version} as the registry delivered it: equal`);
}

/** Runs a command that has to succeed. */
async function must(what: string, ...args: readonly string[]): Promise<CommandResult> {
  const result = await breccia(...args);
  if (result.code !== 0) throw new Error(`${what}: exit ${result.code}, ${result.stderr}`);
  step(what, `${result.seconds.toFixed(1)} s`);
  return result;
}

function bytesOf(result: CommandResult): Record<string, unknown> {
  return result.documents.at(-1)?.["bytes"] as Record<string, unknown>;
}

function changesOf(result: CommandResult): string {
  const files = result.documents.at(-1)?.["files"] as Record<string, unknown[]>;
  return ["added", "changed", "removed"].map((kind) => `${files[kind]?.length} ${kind}`).join(", ");
}

async function keep(edge: string): Promise<void> {
  say(`\nThe edge is up at ${edge} until Ctrl-C.`);
  await new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
}

function step(what: string, outcome: string): void {
  say(`  ${what.padEnd(52)} ${outcome}`);
}

/** Indented lines of at most 80 columns. */
function wrapped(text: string): string {
  return text.replaceAll(/(.{1,76})(?: |$)/g, "    $1\n").trimEnd();
}

function say(text: string): void {
  console.log(text);
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
