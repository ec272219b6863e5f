import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { indexTarget } from "../../src/index/mod.ts";
import {
  addRelease,
  delegateToHashBins,
  publishRepository,
  verifyRepository,
  withdrawRelease,
} from "../../src/publish/mod.ts";
import { Ed25519Signer } from "../../src/tuf/mod.ts";
import { MemoryTree, noise } from "./memory_tree.ts";
import { clock, contentsOf, newRepository, refreshFrom } from "./repository_fixture.ts";

/** A repository of 16 bins, signed by a key of their own. */
async function binnedRepository() {
  const { store, keys } = await newRepository();
  const bins = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(99));
  await delegateToHashBins(store, { bitLength: 4, keys: [bins.key], threshold: 1 });
  const ring = {
    signer: async (keyId: string) => keyId === bins.keyId ? bins : await keys.signer(keyId),
  };
  return { store, ring };
}

const add = (store: Parameters<typeof addRelease>[0], version: string) =>
  addRelease(store, {
    version,
    tree: new MemoryTree({ file: noise(1000, Number(version[2]) * 2) }),
  });

Deno.test("releases are licensed by hash bins, and clients find each of them there", async () => {
  const { store, ring } = await binnedRepository();
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) await add(store, version);
  const { signed } = await publishRepository(store, { keys: ring, clock });
  assert.equal(
    signed.filter((role) => role.startsWith("bins-")).length,
    16,
    "every bin is signed once",
  );
  const metadata = await refreshFrom(store);
  assert.equal(metadata.targets.targets.size, 0);
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    const target = await metadata.findTarget(indexTarget("hello", version, "any"));
    assert.match(target?.role ?? "", /^bins-[0-9a-f]$/);
  }
  const all = await Array.fromAsync(metadata.allTargets());
  assert.equal(all.length, 6, "an index and an archive each");
  assert.deepEqual((await verifyRepository(store)).findings, []);
});

Deno.test("a new release signs only the bins that it changes, and never the targets role", async () => {
  const { store, ring } = await binnedRepository();
  await publishRepository(store, { keys: ring, clock });
  const before = await contentsOf(store);
  await add(store, "1.0.0");
  const { signed } = await publishRepository(store, { keys: ring, clock });
  const bins = signed.filter((role) => role.startsWith("bins-"));
  assert.ok(bins.length >= 1 && bins.length <= 2, bins.join());
  assert.ok(!signed.includes("targets"));
  for (const [key, bytes] of before) {
    if (key.startsWith("metadata/") && !key.endsWith("timestamp.json")) {
      assert.deepEqual((await store.get(key))?.bytes, bytes, key);
    }
  }
});

Deno.test("versions are refused across bins as they are in one role, and nothing is staged", async () => {
  const { store, ring } = await binnedRepository();
  await add(store, "1.5.0");
  await publishRepository(store, { keys: ring, clock });
  const before = await contentsOf(store);
  for (
    const [version, code] of [["1.5.0", "version-duplicate"], ["1.4.0", "version-lower"]] as const
  ) {
    await assert.rejects(add(store, version), (error) => isBrecciaError(error, code));
  }
  assert.deepEqual(await contentsOf(store), before);
});

Deno.test("a release in a bin is withdrawn like any other", async () => {
  const { store, ring } = await binnedRepository();
  await add(store, "1.0.0");
  await publishRepository(store, { keys: ring, clock });
  const [info] = await withdrawRelease(store, { version: "1.0.0" });
  assert.deepEqual(info?.channels, []);
  const { signed } = await publishRepository(store, { keys: ring, clock });
  assert.equal(signed.filter((role) => role.startsWith("bins-")).length, 1);
});

Deno.test("bins are refused beside other delegations, and by lengths that can't be", async () => {
  const { store } = await binnedRepository();
  const { key } = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(98));
  const make = (bitLength: number, threshold = 1) =>
    delegateToHashBins(store, { bitLength, keys: [key], threshold });
  await assert.rejects(make(4), (error) => isBrecciaError(error, "repository-malformed"));
  await assert.rejects(make(0), (error) => isBrecciaError(error, "usage"));
  await assert.rejects(make(11), (error) => isBrecciaError(error, "usage"));
  await assert.rejects(make(4, 2), (error) => isBrecciaError(error, "usage"));
});
