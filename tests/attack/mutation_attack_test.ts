import assert from "node:assert/strict";
import fc from "fast-check";
import { isBrecciaError } from "../../src/errors.ts";
import { SimulatedClient } from "../simulator/client.ts";
import { SimulatedRepository } from "../simulator/repository.ts";

const FILES = ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", "2.team.json"];

Deno.test("metadata changed in any byte is refused, or says the same as before", async () => {
  const repository = await SimulatedRepository.create();
  await repository.delegate("targets", "team");
  await repository.addTarget("app", new Uint8Array([1]), "team");
  await repository.publishRoot();
  await repository.publish();
  const first = new Map(repository.served);
  await repository.rotateRoot(() => repository.setKeys("targets", 2, 2));
  await repository.publish({ bump: true });
  const honest = new Map(repository.served);

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...FILES),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (name, place, change) => {
        repository.served.clear();
        for (const [file, bytes] of first) repository.served.set(file, bytes);
        const client = new SimulatedClient(repository);
        await (await client.refresh()).findTarget("app");

        for (const [file, bytes] of honest) repository.served.set(file, bytes.slice());
        const lie = repository.served.get(name) as Uint8Array;
        const index = place % lie.length;
        lie[index] = (lie[index] as number) ^ change;
        const before = client.store.files();
        try {
          const metadata = await client.refresh();
          const target = await metadata.findTarget("app");
          // A change in a signature that is not needed, or in white space, may pass unseen.
          assert.equal(metadata.targets.version, 2);
          assert.equal(target?.length, 1);
        } catch (error) {
          assert.ok(isBrecciaError(error), String(error));
          const trusted = client.store.files().get(name.replace(/^\d+\./, ""));
          assert.deepEqual(trusted, before.get(name.replace(/^\d+\./, "")), "it was not kept");
        }
      },
    ),
    { numRuns: 150 },
  );
});
