/**
 * Kills real processes at 200 random instants of their work and reports what restarts found; then opens
 * 10,000 idle connections to an edge.
 */
import { EdgeProcess } from "../tests/faults/edge_process.ts";
import { IdleConnections } from "../tests/faults/idle_connections.ts";
import { LiveRepository } from "../tests/faults/live_repository.ts";
import { killAtInstants, type KillOutcome } from "../tests/faults/kill_instants.ts";
import { KillGround } from "../tests/faults/kill_scenarios.ts";
import { type BenchRow, summarize, writeReport } from "./report.ts";

const SEED = Number(Deno.args[0] ?? 20_261_121);
const INSTANTS = 200;
const CONNECTIONS = 10_000;

await using ground = await KillGround.create(8_000_000);
const rows: BenchRow[] = [];
for (const scenario of ground.scenarios) {
  const outcomes: KillOutcome[] = [];
  const count = INSTANTS / ground.scenarios.length;
  for await (const outcome of killAtInstants(scenario, count, SEED)) {
    outcomes.push(outcome);
    console.error(`${outcome.scenario}: ${outcome.instant}: ${outcome.state}`);
  }
  const killed = outcomes.filter(({ killed }) => killed);
  const early = killed.filter(({ state }) => state !== scenario.done);
  const row = (measure: string, value: number, target?: string): BenchRow => ({
    measure: `${scenario.name}: ${measure}`,
    value,
    unit: "kills",
    ...(target === undefined ? {} : { target }),
  });
  rows.push(
    row("at work", killed.length),
    row("after which the state from before was served whole", early.length),
    row("after which the new state was served whole", killed.length - early.length),
    // Any loss throws above, and there is no report.
    row("after which anything was torn, lost or stuck", 0, "0"),
  );
}
rows.push(...await idleRows());
await writeReport(
  "faults",
  `kill -9 at ${INSTANTS} random instants, seed ${SEED}, and ${CONNECTIONS} idle connections`,
  rows,
);

/** What idle connections cost a real edge, and those who ask it something meanwhile. */
async function idleRows(): Promise<BenchRow[]> {
  await using origin = await LiveRepository.create();
  await origin.release("1.0.0", 500_000);
  const folder = await Deno.makeTempDir();
  try {
    const flags = [...origin.flags, "--store", `fs:${folder}/store`];
    await using edge = await EdgeProcess.start(flags, CONNECTIONS + 1000);
    await edge.logged("generation");
    const archive = `${edge.url}targets/hello-1.0.0.tar`;
    const ask = async (): Promise<number> => {
      const started = performance.now();
      await (await fetch(archive)).arrayBuffer();
      return performance.now() - started;
    };
    const series = async (): Promise<number[]> => {
      const times: number[] = [];
      for (let asked = 0; asked < 200; asked++) times.push(await ask());
      return times;
    };
    await series();
    const alone = summarize(await series());
    const before = await edge.residentMiB();
    using idle = await IdleConnections.open(edge.url, CONNECTIONS);
    const beside = summarize(await series());
    const count = { measure: "idle connections open", value: idle.count, unit: "" };
    return [
      count,
      {
        measure: "memory for all of them",
        value: await edge.residentMiB() - before,
        unit: "MiB",
        target: "≤ 160",
      },
      {
        measure: "0.5 MB archive without them",
        value: alone.median,
        unit: "ms",
        range: alone.range,
      },
      {
        measure: "0.5 MB archive beside them",
        value: beside.median,
        unit: "ms",
        range: beside.range,
        ratio: beside.median / alone.median,
      },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
