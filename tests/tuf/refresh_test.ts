import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { loadTrusted } from "../../src/tuf/mod.ts";
import { SimulatedClient } from "../simulator/client.ts";
import { MINUTE, SimulatedRepository, START } from "../simulator/repository.ts";

Deno.test("a first refresh asks for four files, in the order of trust, and keeps them", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  const metadata = await client.refresh();
  assert.deepEqual(client.source.requests, [
    "2.root.json",
    "timestamp.json",
    "1.snapshot.json",
    "1.targets.json",
  ]);
  assert.deepEqual(client.trustedNames, [
    "1.root.json",
    "root.json",
    "snapshot.json",
    "targets.json",
    "timestamp.json",
  ]);
  assert.equal(metadata.hadBaseline, false);
});

Deno.test("a refresh without news is one request", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  await client.refresh();
  const metadata = await client.refresh();
  assert.deepEqual(client.source.requests, ["timestamp.json"]);
  assert.equal(metadata.hadBaseline, true);
});

Deno.test("without the shortcut, a refresh without news follows the specification's order", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  await client.refresh();
  await client.refresh({ shortcut: false });
  assert.deepEqual(client.source.requests, ["2.root.json", "timestamp.json"]);
});

Deno.test("news are fetched without asking for the timestamp twice", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  await client.refresh();
  await repository.addTarget("app/1.0.tar", new Uint8Array([1, 2, 3]));
  await repository.publish({ bump: true });
  const metadata = await client.refresh();
  assert.deepEqual(client.source.requests, [
    "timestamp.json",
    "2.root.json",
    "2.snapshot.json",
    "2.targets.json",
  ]);
  const target = await metadata.findTarget("app/1.0.tar");
  assert.equal(target?.length, 3);
  assert.equal(
    target && metadata.locationOf(target),
    `app/${target?.hashes.get("sha256")}.1.0.tar`,
  );
  assert.equal(await metadata.findTarget("app/2.0.tar"), undefined);
});

Deno.test("five rotations of every key are followed, and the shortcut never hides one", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  await client.refresh();
  for (let round = 0; round < 5; round++) {
    await repository.rotateRoot(async () => {
      for (const role of ["root", "timestamp", "snapshot", "targets"] as const) {
        await repository.setKeys(role, 2, 2);
      }
    });
  }
  await repository.publish({ bump: true });
  const metadata = await client.refresh();
  assert.equal(metadata.root.version, 6);
  assert.ok(client.trustedNames.includes("4.root.json"));
});

Deno.test("an expired root in the middle of the chain passes, an expired last one stops", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  const { expires } = repository.root;
  await repository.rotateRoot(() => {
    repository.root.expires = START - MINUTE;
  });
  await assert.rejects(
    client.refresh(),
    (error) => isBrecciaError(error, "freeze") && /expired 2 minutes ago/.test(error.message),
  );
  await repository.rotateRoot(() => {
    repository.root.expires = expires;
  });
  assert.equal((await client.refresh()).root.version, 3);
});

Deno.test("a client recovers from versions raised to the sky once the keys are rotated", async () => {
  const repository = await SimulatedRepository.published();
  const client = new SimulatedClient(repository);
  repository.timestamp.version = 2 ** 31;
  repository.snapshot.version = 2 ** 31;
  repository.role("targets").version = 2 ** 31;
  await repository.publish();
  await client.refresh();

  await repository.rotateRoot(async () => {
    await repository.setKeys("timestamp", 1, 1);
    await repository.setKeys("snapshot", 1, 1);
  });
  repository.timestamp.version = 2;
  repository.snapshot.version = 2;
  repository.role("targets").version = 2;
  await repository.publish();
  assert.equal((await client.refresh()).timestamp.version, 2);
});

Deno.test("offline, what is trusted serves until it expires", async () => {
  const repository = await SimulatedRepository.published();
  await repository.addTarget("a", new Uint8Array(1));
  await repository.delegate("targets", "team");
  await repository.addTarget("b", new Uint8Array(2), "team");
  await repository.publish({ bump: true });
  const client = new SimulatedClient(repository);
  const { store } = client;
  await assert.rejects(
    loadTrusted({ store, now: START }),
    (error) => isBrecciaError(error, "root-missing"),
  );
  await (await client.refresh()).findTarget("b");

  const metadata = await loadTrusted({ store, now: START + 2 * MINUTE });
  assert.equal((await metadata.findTarget("b"))?.role, "team");
  assert.equal(metadata.expires, repository.root.expires);
  await assert.rejects(
    loadTrusted({ store, now: metadata.expires }),
    (error) => isBrecciaError(error, "expired"),
  );
});

Deno.test("a mirror gets every target of every role, and every file to serve", async () => {
  const repository = await SimulatedRepository.published();
  await repository.addTarget("a", new Uint8Array(1));
  await repository.delegate("targets", "team/one", { scope: { paths: ["one/*"] } });
  await repository.addTarget("one/b", new Uint8Array(2), "team/one");
  await repository.addTarget("two/c", new Uint8Array(3), "team/one");
  await repository.publish({ bump: true });
  const metadata = await new SimulatedClient(repository).refresh();
  const targets = await Array.fromAsync(metadata.allTargets(), ({ path, role }) => [path, role]);
  assert.deepEqual(targets, [["a", "targets"], ["one/b", "team/one"]]);
  const names = await Array.fromAsync(metadata.files(), ({ name }) => name);
  assert.deepEqual(names, [
    "2.targets.json",
    "2.team%2Fone.json",
    "2.snapshot.json",
    "1.root.json",
    "timestamp.json",
  ]);
});
