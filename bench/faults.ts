/** Kills real processes at 200 random instants of their work, and reports what restarts found. */
import { killAtInstants, type KillOutcome } from "../tests/faults/kill_instants.ts";
import { KillGround } from "../tests/faults/kill_scenarios.ts";
import { type BenchRow, writeReport } from "./report.ts";

const SEED = Number(Deno.args[0] ?? 20_261_121);
const INSTANTS = 200;

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
await writeReport("faults", `kill -9 at ${INSTANTS} random instants, seed ${SEED}`, rows);
