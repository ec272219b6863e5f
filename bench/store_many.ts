/**
 * What a directory of very many small objects costs, and moving them from the flat layout into shards:
 * `deno run -A bench/store_many.ts FOLDER COUNT` prints rows as JSON. A process of its own, so that its
 * memory is that of the work. With `list` behind it, it lists what is there, no more: for a process with a
 * small heap, since what a process takes from the system is mostly what it has not given back yet.
 */
import { FileStore } from "../cache/stores/fs.ts";
import { pathsOf } from "../cache/stores/file_layout.ts";
import { sweepStore } from "../src/mirror/upkeep/garbage_collection.ts";
import type { BenchRow } from "./report.ts";

const OBJECT_BYTES = 100;
/** Calls under way at once. */
const AT_ONCE = 16;
/** Objects that single calls are measured with. */
const SAMPLE = 2000;
/** One object of so many is of no use any more. */
const USELESS = 10;

const [root, count] = [Deno.args[0]!, Number(Deno.args[1])];
const store = new FileStore(root, { layout: "sharded" });
const rows: BenchRow[] = [];
const label = `fs, ${count.toLocaleString("en")} objects`;

/** Spread like digests, and known by their number. */
const keyAt = (number: number): string =>
  `packs/${(Math.imul(number, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0").repeat(8)}`;

if (Deno.args[2] === "list") {
  await withMemory("list, all, in a heap of 32 MiB", () => list(Infinity));
} else {
  seedFlat();
  await withMemory("list, flat", () => list(Infinity));
  await withMemory("moving into shards", () => store.shard(() => true));
  rate("put", await seconds(() => sample((i) => store.put(keyAt(count + i), new Uint8Array(9)))));
  rate("get", await seconds(() => sample((i) => store.get(keyAt(i * 31 % count)))));
  rate("head of what is not there", await seconds(() => sample((i) => store.head(keyAt(-1 - i)))));
  await sample((i) => store.delete(keyAt(count + i)));
  await withMemory("list, the first 1,000", () => list(1000));
  await withMemory("sweep that marks", () => sweep(0));
  await withMemory(`sweep that removes 1 of ${USELESS}`, () => sweep(1));
}
console.log(JSON.stringify(rows));

/** As an edge of yesterday would have left them, without the sync of each. */
function seedFlat(): void {
  Deno.mkdirSync(`${root}/packs`, { recursive: true });
  for (let i = 0; i < count; i++) {
    Deno.writeFileSync(pathsOf(root, keyAt(i), "flat")[0], new Uint8Array(OBJECT_BYTES));
  }
}

async function list(limit: number): Promise<void> {
  let seen = 0;
  for await (const _ of store.list("packs/")) if (++seen === limit) break;
}

async function sweep(now: number): Promise<void> {
  const needed = new Set<string>();
  for (let i = 0; i < count; i++) if (i % USELESS !== 0) needed.add(keyAt(i));
  await sweepStore(store, needed, { now, grace: 1, isCurrent: () => Promise.resolve(true) });
}

async function sample(act: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < SAMPLE) await act(next++);
  }));
}

function rate(operation: string, seconds: number): void {
  rows.push({ measure: `${label}: ${operation}`, value: SAMPLE / seconds, unit: "objects/s" });
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Time, and by how much the process grows meanwhile. */
async function withMemory(what: string, work: () => Promise<unknown>): Promise<void> {
  const resident = (): number => Deno.memoryUsage().rss / 1024 / 1024;
  const before = resident();
  let peak = before;
  const sampling = setInterval(() => peak = Math.max(peak, resident()), 20);
  rows.push({ measure: `${label}: ${what}`, value: await seconds(work), unit: "s" });
  clearInterval(sampling);
  peak = Math.max(peak, resident());
  rows.push({ measure: `${label}: memory of ${what}`, value: peak - before, unit: "MiB" });
}
