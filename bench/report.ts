/** One line of a benchmark's table. */
export interface BenchRow {
  /** What was measured. */
  readonly measure: string;
  /** The median, in `unit`. */
  readonly value: number;
  readonly unit: string;
  /** Least and greatest of the runs: how noisy the machine was. */
  readonly range?: readonly [number, number];
  /** What the project promises of it, as text: "≥ 500". */
  readonly target?: string;
  /** The value over that of the peer or stage it is held against. */
  readonly ratio?: number;
}

/** Processes that wanted a core in the minute before: others' work, which makes numbers worse. */
const LOAD_BEFORE = readProc("loadavg").split(" ")[0] ?? "";

/** Median, least and greatest of some runs. */
export function summarize(runs: readonly number[]): { median: number; range: [number, number] } {
  const sorted = runs.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, range: [sorted[0]!, sorted.at(-1)!] };
}

/**
 * Writes bench/results/NAME.json and NAME.md, and prints the table. The machine is part of the result:
 * absolute numbers mean nothing without it.
 */
export async function writeReport(
  name: string,
  title: string,
  rows: readonly BenchRow[],
): Promise<void> {
  const machine = describeMachine();
  const folder = new URL("results/", import.meta.url);
  await Deno.mkdir(folder, { recursive: true });
  const json = JSON.stringify({ name, title, machine, rows }, null, 2) + "\n";
  await Deno.writeTextFile(new URL(`${name}.json`, folder), json);
  const table = markdownTable(rows);
  await Deno.writeTextFile(
    new URL(`${name}.md`, folder),
    `# ${title}\n\n${machine}\n\n${table}\n\nReproduce: \`deno task bench:${name}\`\n`,
  );
  console.log(`${title}\n${machine}\n\n${table}`);
}

function describeMachine(): string {
  const model = /^model name\s*: (.*)$/m.exec(readProc("cpuinfo"))?.[1] ?? "unknown processor";
  const { deno, v8 } = Deno.version;
  const load = LOAD_BEFORE === "" ? "" : `, load ${LOAD_BEFORE} before`;
  return `${navigator.hardwareConcurrency} × ${model}, ${Deno.build.os}, Deno ${deno} (V8 ${v8})${load}`;
}

function readProc(name: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${name}`);
  } catch {
    return "";
  }
}

function markdownTable(rows: readonly BenchRow[]): string {
  const number = (value: number): string =>
    value >= 100 ? value.toFixed(0) : value.toPrecision(3).replace(/\.0+$/, "");
  const lines = rows.map(({ measure, value, unit, range, target, ratio }) =>
    `| ${measure} | ${number(value)} ${unit} | ${range?.map(number).join("–") ?? ""} | ${
      ratio === undefined ? "" : ratio.toFixed(2)
    } | ${target ?? ""} |`
  );
  return [
    "| measure | median | range | ratio | target |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}
