import assert from "node:assert/strict";
import { killAtInstants } from "./kill_instants.ts";
import { KillGround } from "./kill_scenarios.ts";

/** `BRECCIA_TEST_SEED` chooses others; `deno task bench:faults` kills at 200 of them. */
const SEED = Number(Deno.env.get("BRECCIA_TEST_SEED") ?? 20_261_121);
const INSTANTS = 5;

Deno.test("kill -9 at random instants loses nothing: a restart serves one whole state, and goes on", async (t) => {
  await using ground = await KillGround.create(3_000_000);
  for (const scenario of ground.scenarios) {
    await t.step(`${scenario.name}, seed ${SEED}`, async () => {
      const outcomes = await Array.fromAsync(killAtInstants(scenario, INSTANTS, SEED));
      assert.equal(outcomes.length, INSTANTS);
      assert.ok(outcomes.some(({ killed }) => killed), "at least one was killed at work");
    });
  }
});
