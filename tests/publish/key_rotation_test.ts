import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { isBrecciaError } from "../../src/errors.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import {
  addRelease,
  changeKeys,
  initRepository,
  type KeyRing,
  loadPublished,
  publishRepository,
  signDraft,
} from "../../src/publish/mod.ts";
import {
  addSignatures,
  Ed25519Signer,
  MemoryMetadataStore,
  type Signer,
  signMetadata,
  TOP_LEVEL_ROLES,
  type TopLevelRole,
} from "../../src/tuf/mod.ts";
import { crashingStore } from "./crashing_store.ts";
import { MemoryTree } from "./memory_tree.ts";
import { clock, CONFIG, contentsOf, NOW, refreshFrom, roleSigners } from "./repository_fixture.ts";

/** Keys that can be gained and lost. */
class Keys implements KeyRing {
  readonly byId = new Map<string, Signer>();

  signer(keyId: string): Promise<Signer | undefined> {
    return Promise.resolve(this.byId.get(keyId));
  }

  async make(seed: number): Promise<Signer> {
    const signer = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(seed));
    this.byId.set(signer.keyId, signer);
    return signer;
  }
}

async function repositoryWith(thresholds: ReadonlyMap<TopLevelRole, number> = new Map()) {
  const store = new MemoryStore();
  const keys = new Keys();
  const signers = await roleSigners();
  for (const [role, threshold] of thresholds) {
    const more = [...signers.get(role) ?? []];
    while (more.length < threshold) more.push(await keys.make(100 + more.length));
    signers.set(role, more);
  }
  for (const signer of [...signers.values()].flat()) keys.byId.set(signer.keyId, signer);
  await initRepository(store, { config: CONFIG, signers, thresholds, now: NOW });
  await addRelease(store, { version: "1.0.0", tree: new MemoryTree({ a: "1" }) });
  await publishRepository(store, { keys, clock });
  return { store, keys, signers };
}

async function rotate(store: ManagedStore, keys: Keys, role: TopLevelRole, seed: number) {
  const { key } = await keys.make(seed);
  await changeKeys(store, { role, add: [key], revoke: "all" }, NOW);
}

async function copyOf(store: MemoryStore): Promise<MemoryStore> {
  const copy = new MemoryStore();
  for (const [key, bytes] of await contentsOf(store)) await copy.put(key, bytes);
  return copy;
}

for (const role of TOP_LEVEL_ROLES) {
  Deno.test(`clients, new and old, follow a rotation of the ${role} key`, async () => {
    const { store, keys } = await repositoryWith();
    const old = new MemoryMetadataStore();
    await refreshFrom(store, old);
    await rotate(store, keys, role, 50);
    const { signed } = await publishRepository(store, { keys, clock });
    assert.equal(signed.filter((name) => name === "root").length, 1);
    for (const kept of [old, new MemoryMetadataStore()]) {
      const metadata = await refreshFrom(store, kept);
      assert.equal(metadata.root.version, 2);
      assert.equal(metadata.targets.targets.size, 2);
    }
    assert.deepEqual((await publishRepository(store, { keys, clock })).signed, []);
  });

  Deno.test(`a crash at any write of a rotation of the ${role} key leaves every client able to follow`, async () => {
    const start = await repositoryWith();
    const old = new MemoryMetadataStore();
    await refreshFrom(start.store, old);
    for (const written of [false, true]) {
      for (let at = 0;; at++) {
        const store = await copyOf(start.store);
        const kept = new MemoryMetadataStore(old.files());
        const faulty = crashingStore(store, { at, written });
        await rotate(faulty, start.keys, role, 51)
          .then(() => publishRepository(faulty, { keys: start.keys, clock })).catch(() => {});
        if (!faulty.crashed) break;
        await refreshFrom(store, kept);
        await refreshFrom(store);
        await rotate(store, start.keys, role, 51).catch(() => {});
        await publishRepository(store, { keys: start.keys, clock });
        assert.equal((await refreshFrom(store, kept)).targets.targets.size, 2);
        assert.equal((await refreshFrom(store)).root.roles.get(role)?.keyIds.length, 1);
      }
    }
  });

  if (role === "root") continue;
  Deno.test(`a lost ${role} key is replaced, and a crash on the way is completed`, async () => {
    const start = await repositoryWith();
    const lost = start.signers.get(role)?.[0]?.keyId as string;
    start.keys.byId.delete(lost);
    for (let at = 0;; at++) {
      const store = await copyOf(start.store);
      const faulty = crashingStore(store, { at, written: true });
      await rotate(faulty, start.keys, role, 52)
        .then(() => publishRepository(faulty, { keys: start.keys, clock })).catch(() => {});
      if (!faulty.crashed) break;
      await rotate(store, start.keys, role, 52).catch(() => {});
      await publishRepository(store, { keys: start.keys, clock });
      const metadata = await refreshFrom(store);
      assert.equal(metadata.root.roles.get(role)?.keyIds.includes(lost), false);
    }
  });
}

Deno.test("an old client follows five rotations of the root", async () => {
  const { store, keys } = await repositoryWith();
  const old = new MemoryMetadataStore();
  await refreshFrom(store, old);
  for (let i = 0; i < 5; i++) {
    await rotate(store, keys, "root", 60 + i);
    await publishRepository(store, { keys, clock });
  }
  assert.equal((await refreshFrom(store, old)).root.version, 6);
});

Deno.test("fast-forward: after an attacker's version 2^31, rotating the stolen keys brings clients back", async () => {
  const { store, keys, signers } = await repositoryWith();
  // The attacker holds the timestamp and snapshot keys, and serves this to one client.
  const stolen = await copyOf(store);
  const victim = new MemoryMetadataStore();
  const { snapshot, timestamp } = await loadPublished(stolen);
  const version = 2 ** 31;
  const high = { ...snapshot, version };
  const bytes = await signMetadata(high, signers.get("snapshot") ?? []);
  await stolen.put(`metadata/${version}.snapshot.json`, bytes);
  const pointer = { ...timestamp, version, snapshot: { version } };
  await stolen.put(
    "metadata/timestamp.json",
    await signMetadata(pointer, signers.get("timestamp") ?? []),
  );
  await refreshFrom(stolen, victim);
  await assert.rejects(
    refreshFrom(store, victim),
    (error) => isBrecciaError(error, "rollback"),
    "without a rotation the client is stuck",
  );
  await rotate(store, keys, "timestamp", 70);
  await rotate(store, keys, "snapshot", 71);
  await publishRepository(store, { keys, clock });
  assert.equal((await refreshFrom(store, victim)).targets.targets.size, 2);
});

Deno.test("a root with two keys is signed on two machines; until then clients keep the old one", async () => {
  const { store, keys, signers } = await repositoryWith(new Map([["root", 2]]));
  const [first, second] = signers.get("root") as [Signer, Signer];
  for (const { keyId } of [first, second]) keys.byId.delete(keyId);
  await rotate(store, keys, "timestamp", 80);
  assert.deepEqual((await publishRepository(store, { keys, clock })).pending, ["root"]);
  await signDraft(store, "root", { signers: [first] }, NOW);
  // The second machine gets the draft as a file, and sends it back.
  const draft = (await store.get(".breccia/drafts/root.json"))?.bytes as Uint8Array;
  const signedElsewhere = await addSignatures(draft, "root.json", [second]);
  assert.deepEqual((await publishRepository(store, { keys, clock })).pending, ["root"]);
  assert.equal((await refreshFrom(store)).root.version, 1);
  const state = await signDraft(store, "root", { file: signedElsewhere }, NOW);
  assert.deepEqual(state.counts.map(({ counted }) => counted), [2, 2]);
  await publishRepository(store, { keys, clock });
  assert.equal((await refreshFrom(store)).root.version, 2);
});

Deno.test("signatures over another draft are refused, and the draft keeps those it has", async () => {
  const { store, keys, signers } = await repositoryWith();
  await rotate(store, keys, "timestamp", 81);
  await signDraft(store, "root", { signers: signers.get("root") ?? [] }, NOW);
  const draft = (await store.get(".breccia/drafts/root.json"))?.bytes as Uint8Array;
  await rotate(store, keys, "timestamp", 82);
  const before = await contentsOf(store);
  await assert.rejects(
    signDraft(store, "root", { file: draft }, NOW),
    (error) => isBrecciaError(error, "metadata-mismatch"),
  );
  assert.deepEqual(await contentsOf(store), before);
});

Deno.test("targets with two keys are signed by hand, and publish goes on with them", async () => {
  const { store, keys, signers } = await repositoryWith(new Map([["targets", 2]]));
  const [first, second] = signers.get("targets") as [Signer, Signer];
  for (const { keyId } of [first, second]) keys.byId.delete(keyId);
  await addRelease(store, { version: "1.1.0", tree: new MemoryTree({ a: "2" }) });
  await signDraft(store, "targets", { signers: [first] }, NOW);
  await assert.rejects(
    publishRepository(store, { keys, clock }),
    (error) => isBrecciaError(error, "keystore"),
  );
  await signDraft(store, "targets", { signers: [second] }, NOW);
  await publishRepository(store, { keys, clock });
  assert.equal((await refreshFrom(store)).targets.targets.size, 4);
});

Deno.test("a key for two roles, an unknown key and an unmet threshold are refused; nothing is drafted", async () => {
  const { store, signers } = await repositoryWith();
  const before = await contentsOf(store);
  const rootKey = signers.get("root")?.[0]?.key;
  for (
    const change of [
      { role: "targets", add: rootKey === undefined ? [] : [rootKey] },
      { role: "targets", revoke: ["feed"] },
      { role: "targets", revoke: "all" },
      { role: "targets", threshold: 2 },
    ] as const
  ) {
    await assert.rejects(
      changeKeys(store, change, NOW),
      (error) => isBrecciaError(error, "policy-unsafe", "usage"),
    );
  }
  assert.deepEqual(await contentsOf(store), before);
});
