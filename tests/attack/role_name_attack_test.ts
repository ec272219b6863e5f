import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { loadTrusted, MemoryMetadataStore } from "../../src/tuf/mod.ts";
import { SimulatedClient } from "../simulator/client.ts";
import { MINUTE, SimulatedRepository, START } from "../simulator/repository.ts";

/** Names whose file would be taken for that of a top-level role, on some store or file system. */
const HOSTILE = [
  "2.root",
  "1.2.root",
  "2.ROOT",
  "Timestamp",
  "snapſhot",
  "ｔargets",
  "7.snapshot",
  "x".repeat(250),
];

for (const name of HOSTILE) {
  Deno.test(`a role named ${JSON.stringify(name.slice(0, 12))} touches no file but can't be used`, async () => {
    const repository = await SimulatedRepository.create();
    await repository.addTarget("app/a", new Uint8Array([1]));
    await repository.delegate("targets", name, { scope: { paths: ["team/*"] } });
    await repository.addTarget("team/b", new Uint8Array([2]), name);
    await repository.publishRoot();
    await repository.publish();
    const client = new SimulatedClient(repository);
    const metadata = await client.refresh();
    const before = client.store.files();
    client.source.requests.length = 0;
    await assert.rejects(
      metadata.findTarget("team/b"),
      (error) =>
        isBrecciaError(error, "metadata-malformed") && /delegated role/.test(error.message),
    );
    assert.deepEqual(client.source.requests, [], "it is not asked for");
    assert.deepEqual(client.store.files(), before);
    assert.equal((await metadata.findTarget("app/a"))?.role, "targets", "others are not touched");
  });
}

Deno.test("keys that were rotated out stay out, whatever roles are called", async () => {
  const repository = await SimulatedRepository.create();
  const stolen = await repository.setKeys("targets", 1, 1);
  await repository.delegate("targets", "2.root", { scope: { paths: ["*"] } });
  await repository.publishRoot();
  await repository.publish();
  const client = new SimulatedClient(repository);
  await (await client.refresh()).findTarget("app").catch(() => {});
  await repository.rotateRoot(async () => await repository.setKeys("targets", 1, 1));
  await repository.publish({ bump: true });
  const second = await client.refresh();
  assert.equal(second.root.version, 2);
  await second.findTarget("app").catch(() => {});

  // The mirror withholds the second root, and serves what the stolen key has signed.
  repository.served.delete("2.root.json");
  repository.signers.set("targets", stolen);
  await repository.publish({ bump: true });
  const trusted = client.store.files();
  await assert.rejects(client.refresh(), (error) => isBrecciaError(error, "arbitrary-software"));
  assert.deepEqual(client.store.files().get("2.root.json"), trusted.get("2.root.json"));
  assert.deepEqual(client.store.files().get("root.json"), trusted.get("root.json"));
});

Deno.test("roles whose names differ in case or in Unicode form are kept apart on every file system", async () => {
  const repository = await SimulatedRepository.create();
  const names = ["team", "Team", "caf\u00e9", "cafe\u0301", "a/b", "a%2Fb", "a%2fb"];
  for (const [at, name] of names.entries()) {
    await repository.delegate("targets", name, { scope: { paths: [`${at}/*`] } });
    await repository.addTarget(`${at}/file`, new Uint8Array([at]), name);
  }
  await repository.publishRoot();
  await repository.publish();
  const client = new SimulatedClient(repository);
  const metadata = await client.refresh();
  for (const [at, name] of names.entries()) {
    assert.equal((await metadata.findTarget(`${at}/file`))?.role, name);
  }
  const kept = client.trustedNames.map((name) => name.normalize("NFC").toLowerCase());
  assert.equal(
    new Set(kept).size,
    4 + 1 + names.length,
    "four files, one root by version, and theirs",
  );
});

Deno.test("what an older version kept of a team, beside the roots, still serves offline and online", async () => {
  const repository = await SimulatedRepository.create();
  await repository.delegate("targets", "Team/a", { scope: { paths: ["*"] } });
  await repository.addTarget("file", new Uint8Array([1]), "Team/a");
  await repository.publishRoot();
  await repository.publish();
  const client = new SimulatedClient(repository);
  await (await client.refresh()).findTarget("file");
  const files = [...client.store.files()].map(([name, bytes]): [string, Uint8Array] => [
    name.startsWith("delegated/") ? "Team%2Fa.json" : name,
    bytes,
  ]);
  const store = new MemoryMetadataStore(files);
  const offline = await loadTrusted({ store, now: START + MINUTE });
  assert.equal((await offline.findTarget("file"))?.role, "Team/a");
  const online = await client.refresh({ store });
  client.source.requests.length = 0;
  assert.equal((await online.findTarget("file"))?.role, "Team/a");
  assert.deepEqual(client.source.requests, []);
});
