import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { addRelease, initRepository, publishRepository } from "../../src/publish/mod.ts";
import { uploadRepository, verifyRepository } from "../../src/publish/mod.ts";
import { crashingStore } from "./crashing_store.ts";
import { MemoryTree, noise } from "./memory_tree.ts";
import {
  clock,
  CONFIG,
  contentsOf,
  keyRing,
  newRepository,
  NOW,
  refreshFrom,
  roleSigners,
} from "./repository_fixture.ts";

const FIRST = new MemoryTree({ app: noise(300_000, 1) });
const SECOND = new MemoryTree({ app: noise(300_000, 2) });

/** A store with 1.0.0 published. */
async function published() {
  const { store, keys } = await newRepository();
  await addRelease(store, { version: "1.0.0", tree: FIRST });
  await publishRepository(store, { keys, clock });
  return { store: store as MemoryStore, keys };
}

Deno.test("a new repository is followed by a client before there is any release", async () => {
  const { store } = await newRepository();
  const metadata = await refreshFrom(store);
  assert.equal(metadata.targets.version, 1);
  assert.equal(metadata.targets.targets.size, 0);
});

Deno.test("init in a repository is refused and changes nothing", async () => {
  const { store } = await published();
  const before = await contentsOf(store);
  const signers = await roleSigners();
  await assert.rejects(
    initRepository(store, { config: CONFIG, signers, thresholds: new Map(), now: NOW }),
    (error) => isBrecciaError(error, "wrong-state"),
  );
  assert.deepEqual(await contentsOf(store), before);
});

Deno.test("init refuses one key for two roles, and a threshold that its keys can't meet", async () => {
  const signers = await roleSigners();
  const store = new MemoryStore();
  await assert.rejects(
    initRepository(store, {
      config: CONFIG,
      signers: new Map([...signers, ["targets", signers.get("root") ?? []]]),
      thresholds: new Map(),
      now: NOW,
    }),
    (error) => isBrecciaError(error, "policy-unsafe"),
  );
  await assert.rejects(
    initRepository(store, {
      config: CONFIG,
      signers,
      thresholds: new Map([["root", 2]]),
      now: NOW,
    }),
    (error) => isBrecciaError(error, "usage"),
  );
  assert.equal((await contentsOf(store)).size, 0);
});

Deno.test("publishing when nothing is staged writes nothing", async () => {
  const { store, keys } = await published();
  const before = await contentsOf(store);
  assert.deepEqual((await publishRepository(store, { keys, clock })).signed, []);
  assert.deepEqual(await contentsOf(store), before);
});

Deno.test("publishing without the targets key is refused and changes nothing that clients see", async () => {
  const { store } = await published();
  await addRelease(store, { version: "1.1.0", tree: SECOND });
  const before = await contentsOf(store);
  await assert.rejects(
    publishRepository(store, { keys: keyRing(await roleSigners(), ["targets"]), clock }),
    (error) => isBrecciaError(error, "keystore"),
  );
  assert.deepEqual(await contentsOf(store), before);
});

Deno.test("a publisher signs nothing that an intruder wrote into its store without a key", async () => {
  const { store, keys } = await published();
  const pointer = await store.get("metadata/2.targets.json");
  const text = new TextDecoder().decode(pointer?.bytes).replace(
    "hello-1.0.0.tar",
    "evil-1.0.0.tar",
  );
  await store.put("metadata/2.targets.json", new TextEncoder().encode(text));
  await addRelease(store, { version: "1.1.0", tree: SECOND }).then(
    () => assert.fail("the altered targets were believed"),
    (error) => assert.ok(isBrecciaError(error, "arbitrary-software")),
  );
  await assert.rejects(publishRepository(store, { keys, clock }), isBrecciaError);
});

Deno.test("two publishers at once: both finish, and clients see all releases", async () => {
  const { store, keys } = await published();
  await addRelease(store, { version: "1.1.0", tree: SECOND });
  await Promise.all([0, 1, 2].map(() => publishRepository(store, { keys, clock })));
  assert.equal((await refreshFrom(store)).targets.targets.size, 4);
  assert.deepEqual((await verifyRepository(store)).findings, []);
});

Deno.test("a crash at any write of add and publish leaves clients the old state or the new one, and the next run completes", async () => {
  let crashes = 0;
  for (const written of [false, true]) {
    for (let at = 0;; at++) {
      const { store, keys } = await published();
      const faulty = crashingStore(store, { at, written });
      await addRelease(faulty, { version: "1.1.0", tree: SECOND })
        .then(() => publishRepository(faulty, { keys, clock })).catch(() => {});
      if (!faulty.crashed) break;
      crashes++;
      const seen = (await refreshFrom(store)).targets.targets.size;
      assert.ok(seen === 2 || seen === 4, `${seen} targets`);
      assert.deepEqual((await verifyRepository(store)).findings, []);
      await addRelease(store, { version: "1.1.0", tree: SECOND }).catch((error) =>
        assert.ok(isBrecciaError(error, "version-duplicate"))
      );
      await publishRepository(store, { keys, clock });
      assert.equal((await refreshFrom(store)).targets.targets.size, 4);
      assert.deepEqual((await verifyRepository(store)).findings, []);
    }
  }
  assert.ok(crashes >= 10, `${crashes} crashes`);
});

Deno.test("a crash at any write of an upload leaves readers old or new, and the next upload completes", async () => {
  const { store, keys } = await published();
  const before = new MemoryStore();
  await uploadRepository(store, before);
  await addRelease(store, { version: "1.1.0", tree: SECOND });
  await publishRepository(store, { keys, clock });
  for (const written of [false, true]) {
    for (let at = 0;; at++) {
      const target = new MemoryStore();
      for (const [key, bytes] of await contentsOf(before)) await target.put(key, bytes);
      const faulty = crashingStore(target, { at, written });
      await uploadRepository(store, faulty).catch(() => {});
      if (!faulty.crashed) break;
      const seen = (await refreshFrom(target)).targets.targets.size;
      assert.ok(seen === 2 || seen === 4);
      await uploadRepository(store, target);
      assert.equal((await refreshFrom(target)).targets.targets.size, 4);
    }
  }
});

Deno.test("an upload sends no draft and no configuration, and never takes a store back", async () => {
  const { store, keys } = await published();
  const older = new MemoryStore();
  for (const [key, bytes] of await contentsOf(store)) await older.put(key, bytes);
  await addRelease(store, { version: "1.1.0", tree: SECOND });
  await publishRepository(store, { keys, clock });
  const target = new MemoryStore();
  await uploadRepository(store, target);
  const uploaded = await contentsOf(target);
  for (const key of uploaded.keys()) assert.match(key, /^(metadata|targets|packs|deltas)\//);
  await assert.rejects(
    uploadRepository(older, target),
    (error) => isBrecciaError(error, "storage-conflict"),
  );
  assert.deepEqual(await contentsOf(target), uploaded);
});

Deno.test("verify names what was cut short, flipped or removed", async () => {
  const { store } = await published();
  const contents = await contentsOf(store);
  for (const [key, bytes] of contents) {
    if (!/^(packs|targets)\//.test(key)) continue;
    const flipped = bytes.slice();
    flipped[flipped.length >> 1]! ^= 1;
    for (const damaged of [flipped, bytes.slice(0, -1), undefined]) {
      if (damaged === undefined) await store.delete(key);
      else await store.put(key, damaged);
      assert.equal((await verifyRepository(store)).findings.length, 1, key);
      await store.put(key, bytes);
    }
  }
  assert.deepEqual((await verifyRepository(store)).findings, []);
});
