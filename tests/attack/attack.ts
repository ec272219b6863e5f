import assert from "node:assert/strict";
import { type ErrorCode, isBrecciaError } from "../../src/errors.ts";
import type { RefreshOptions } from "../../src/tuf/mod.ts";
import { SimulatedClient } from "../simulator/client.ts";
import { SimulatedRepository } from "../simulator/repository.ts";

/** One attack on a client that trusts version 1 of a repository with a delegated role. */
export interface Attack {
  /** What the attacker does: the test's name. */
  readonly attack: string;
  /** The code of the refusal. */
  readonly code: ErrorCode;
  /** What the repository is like before the client first sees it. */
  readonly before?: (repository: SimulatedRepository) => void | Promise<unknown>;
  /** The lie. Honest files of a second version lie below it, not yet served when `honest` is false. */
  readonly lie: (repository: SimulatedRepository) => void | Promise<unknown>;
  /** Trusted files that advance before the lie is met, as the specification has it. */
  readonly advances?: readonly string[];
  readonly options?: Partial<RefreshOptions>;
}

/** Registers one test for each attack: it is refused by name, and no trusted file changes. */
export function testAttacks(against: string, attacks: readonly Attack[]): void {
  for (const attack of attacks) {
    Deno.test(`${against}: ${attack.attack} is refused as ${attack.code}`, () => withstand(attack));
  }
}

async function withstand({ code, before, lie, advances = [], options }: Attack): Promise<void> {
  const repository = await SimulatedRepository.create();
  await repository.addTarget("app/a", new Uint8Array([1]));
  await repository.delegate("targets", "team", { scope: { paths: ["team/*"] } });
  await repository.addTarget("team/b", new Uint8Array([2]), "team");
  await before?.(repository);
  await repository.publishRoot();
  await repository.publish();
  const client = new SimulatedClient(repository);
  await (await client.refresh()).findTarget("team/b");
  const trusted = client.store.files();

  await repository.publish({ bump: true });
  await lie(repository);
  for (const shortcut of [true, false]) {
    await assert.rejects(
      async () => await (await client.refresh({ shortcut, ...options })).findTarget("team/b"),
      (error) => {
        assert.ok(isBrecciaError(error), String(error));
        assert.equal(error.code, code, error.message);
        return true;
      },
    );
    for (const [name, bytes] of client.store.files()) {
      const expected = advances.includes(name) ? servedAs(repository, name) : trusted.get(name);
      assert.deepEqual(bytes, expected, `${name} is as it was`);
    }
    assert.ok([...trusted.keys()].every((name) => client.store.files().has(name)));
  }
}

/** The newest bytes that the repository serves under a trusted file's name. */
function servedAs(repository: SimulatedRepository, name: string): Uint8Array | undefined {
  const file = name.replace(/^delegated\//, "");
  const versions = [...repository.served.keys()].filter((served) =>
    served === file || served.replace(/^\d+\./, "") === file
  );
  return repository.served.get(versions.at(-1) as string);
}
