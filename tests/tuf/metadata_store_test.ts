import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import {
  MemoryMetadataStore,
  type MetadataRequest,
  type MetadataSource,
  OverlayMetadataStore,
} from "../../src/tuf/mod.ts";
import { SimulatedClient, SimulatedSource } from "../simulator/client.ts";
import { SimulatedRepository, START } from "../simulator/repository.ts";

Deno.test("a read-only store serves a refresh, which leaves it as it was", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  await client.refresh();
  const before = client.store.files();
  await repository.rotateRoot(async () => await repository.setKeys("timestamp", 1, 1));
  await repository.publish({ bump: true });
  const overlay = new OverlayMetadataStore(client.store);
  assert.equal((await client.refresh({ store: overlay })).timestamp.version, 2);
  assert.equal((await client.refresh({ store: overlay })).timestamp.version, 2);
  assert.deepEqual(client.source.requests, ["timestamp.json"]);
  assert.deepEqual(client.store.files(), before);
});

Deno.test("a process with older news does not set back what another has kept meanwhile", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  await client.refresh();
  await repository.publish({ bump: true });
  const older = new SimulatedSource(new Map(repository.served));
  await repository.publish({ bump: true });

  // The other process refreshes while this one waits for its timestamp.
  const interrupted: MetadataSource = {
    fetch: async <T>(name: string, request: MetadataRequest<T>): Promise<T | undefined> => {
      const accepted = await older.fetch(name, request);
      if (name === "timestamp.json") await client.refresh();
      return accepted;
    },
  };
  await assert.rejects(
    client.refresh({ source: interrupted, shortcut: false }),
    (error) => isBrecciaError(error, "rollback"),
  );
  const kept = client.store.files().get("timestamp.json");
  assert.deepEqual(kept, repository.served.get("timestamp.json"));
});

Deno.test("a mirror that lies is passed over for one that does not, at every file", async () => {
  const repository = await SimulatedRepository.create();
  await repository.publishRoot();
  await repository.publish();
  const names = ["timestamp.json", "1.snapshot.json", "1.targets.json"];
  for (const poisoned of names) {
    const lie = new Map(repository.served).set(poisoned, new TextEncoder().encode("{}"));
    const blamed: string[] = [];
    const mirrors: MetadataSource = {
      fetch: async <T>(name: string, { accept }: MetadataRequest<T>): Promise<T | undefined> => {
        let refusal: unknown;
        for (const served of [lie, repository.served]) {
          const bytes = served.get(name);
          if (bytes === undefined) continue;
          try {
            return await accept(bytes);
          } catch (error) {
            blamed.push(name);
            refusal = error;
          }
        }
        if (refusal === undefined) return undefined;
        throw refusal;
      },
    };
    const client = new SimulatedClient(repository);
    await client.refresh({ source: mirrors, store: new MemoryMetadataStore(), now: START });
    assert.deepEqual(blamed, [poisoned]);
  }
});
