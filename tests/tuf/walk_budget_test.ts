import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { matchesPathPattern, type StepCount } from "../../src/tuf/path_pattern.ts";
import type { RoleFailure } from "../../src/tuf/mod.ts";
import { SimulatedClient } from "../simulator/client.ts";
import { SimulatedRepository } from "../simulator/repository.ts";

/** A pattern that backtracks at every character of a path of `a`. */
const STALLING = `${"*a".repeat(100)}b`;

/** Team `slow` delegates by patterns made to stall; team `good` does nothing wrong. */
async function stalling(): Promise<SimulatedRepository> {
  const repository = await SimulatedRepository.create();
  await repository.delegate("targets", "slow", { scope: { paths: ["slow-*"] } });
  await repository.delegate("targets", "good", { scope: { paths: ["good-*"] } });
  for (let at = 0; at < 20; at++) {
    const paths = Array.from({ length: 10 }, () => STALLING);
    await repository.delegate("slow", `below-${at}`, { scope: { paths } });
    await repository.addTarget(`slow-${at}${"a".repeat(3000)}`, new Uint8Array(1), `below-${at}`);
  }
  await repository.addTarget("good-app", new Uint8Array(1), "good");
  await repository.publishRoot();
  await repository.publish();
  return repository;
}

Deno.test("patterns made to stall cost their own team, and nobody else", async () => {
  const metadata = await new SimulatedClient(await stalling()).refresh({
    limits: { walkSteps: 1_000_000 },
  });
  const failures: RoleFailure[] = [];
  const onRoleFailure = (failure: RoleFailure) => void failures.push(failure);
  const found = await Array.fromAsync(metadata.allTargets({ onRoleFailure }), ({ path }) => path);
  assert.deepEqual(found, ["good-app"]);
  assert.deepEqual(failures.map(({ role, error }) => [role, error.code]), [
    ["slow", "delegation-limit"],
  ]);
  assert.equal((await metadata.findTarget("good-app"))?.role, "good");
});

Deno.test("a look-up among patterns made to stall ends at its bound", async () => {
  const metadata = await new SimulatedClient(await stalling()).refresh({
    limits: { walkSteps: 1_000_000 },
  });
  await assert.rejects(
    metadata.findTarget(`slow-1${"a".repeat(3000)}`),
    (error) => isBrecciaError(error, "delegation-limit") && /"slow"/.test(error.message),
  );
});

Deno.test("a cancellation arrives in the midst of comparing patterns", async () => {
  const metadata = await new SimulatedClient(await stalling()).refresh();
  const controller = new AbortController();
  const walk = Array.fromAsync(metadata.allTargets({ signal: controller.signal }));
  const reason = new Error("the caller's reason");
  setTimeout(() => controller.abort(reason), 0);
  await assert.rejects(walk, (error) => error === reason);
});

Deno.test("a delegation by a pattern longer than the bound is refused with its delegator alone", async () => {
  const repository = await SimulatedRepository.create();
  await repository.delegate("targets", "team", { scope: { paths: ["team-*"] } });
  await repository.delegate("team", "below", { scope: { paths: ["a".repeat(1025)] } });
  await repository.addTarget("app", new Uint8Array(1));
  await repository.addTarget("team-app", new Uint8Array(1), "team");
  await repository.publishRoot();
  await repository.publish();
  const metadata = await new SimulatedClient(repository).refresh();
  await assert.rejects(
    metadata.findTarget("team-app"),
    (error) => isBrecciaError(error, "metadata-malformed"),
  );
  assert.equal((await metadata.findTarget("app"))?.role, "targets");
});

Deno.test("matching takes steps in proportion to pattern and path, and a path over 4096 matches nothing", () => {
  const count: StepCount = { steps: 0 };
  assert.equal(matchesPathPattern(STALLING, "a".repeat(4096), count), false);
  assert.ok(count.steps <= 2 * STALLING.length * 4096, `${count.steps} steps`);
  const plain: StepCount = { steps: 0 };
  assert.equal(matchesPathPattern("team-*", `team-${"a".repeat(4000)}`, plain), true);
  assert.ok(plain.steps <= 3 * 4005, `${plain.steps} steps`);
  assert.equal(matchesPathPattern("*", "a".repeat(4097)), false);
});
