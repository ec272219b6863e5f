import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import {
  addRelease,
  publishRepository,
  unstageRelease,
  verifyRepository,
} from "../../src/publish/mod.ts";
import { crashingStore } from "./crashing_store.ts";
import { MemoryTree, noise } from "./memory_tree.ts";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { clock, contentsOf, newRepository, refreshFrom } from "./repository_fixture.ts";

const FIRST = new MemoryTree({ app: noise(300_000, 1) });
const SECRET = new MemoryTree({ app: noise(300_000, 1), secret: noise(100_000, 7) });
const THIRD = new MemoryTree({ app: noise(300_000, 3) });
const NOTES = new TextEncoder().encode("notes");

/** A store with 1.0.0 published. */
async function published() {
  const { store, keys } = await newRepository();
  await addRelease(store, { version: "1.0.0", tree: FIRST });
  await publishRepository(store, { keys, clock });
  return { store: store as MemoryStore, keys };
}

Deno.test("unstage frees the version, leaves what else is staged, and removes what was stored for it alone", async () => {
  const { store, keys } = await published();
  await addRelease(store, { version: "1.2.0", tree: THIRD, notes: NOTES });
  const kept = await contentsOf(store);
  await addRelease(store, { version: "1.3.0", tree: SECRET, notes: new Uint8Array([1]) });
  const { releases, removed, sharedPacks } = await unstageRelease(store, { version: "1.3.0" });
  assert.deepEqual(releases.map(({ version }) => version), ["1.3.0"]);
  assert.equal(removed, 3, "an index, notes and a pack");
  assert.equal(sharedPacks.length, 1, "of 1.0.0");
  assert.deepEqual([...(await contentsOf(store)).keys()], [...kept.keys()]);
  await addRelease(store, { version: "1.3.0", tree: FIRST });
  await publishRepository(store, { keys, clock });
  assert.equal((await refreshFrom(store)).targets.targets.size, 7);
  assert.deepEqual((await verifyRepository(store)).findings, []);
});

Deno.test("a pack that a later staged release builds upon stays, and is named", async () => {
  const { store, keys } = await published();
  await addRelease(store, { version: "1.1.0", tree: SECRET });
  await addRelease(store, { version: "1.2.0", tree: SECRET });
  const { sharedPacks } = await unstageRelease(store, { version: "1.1.0" });
  assert.equal(sharedPacks.length, 2);
  await publishRepository(store, { keys, clock });
  assert.deepEqual((await verifyRepository(store)).findings, []);
});

Deno.test("what is published, or unknown, is not unstaged, and nothing changes", async () => {
  const { store } = await published();
  await addRelease(store, { version: "1.1.0", tree: THIRD, app: "one" });
  await addRelease(store, { version: "1.1.0", tree: THIRD, app: "two" });
  const before = await contentsOf(store);
  for (
    const [version, code] of [
      ["1.0.0", "wrong-state"],
      ["9.0.0", "version-missing"],
      ["1.1.0", "usage"],
    ] as const
  ) {
    await assert.rejects(
      unstageRelease(store, { version }),
      (error) => isBrecciaError(error, code),
    );
  }
  assert.deepEqual(await contentsOf(store), before);
  await unstageRelease(store, { version: "1.1.0", app: "two" });
  await unstageRelease(store, { version: "1.1.0" });
});

Deno.test("a crash at any write of unstage leaves the release staged whole, or gone", async () => {
  for (const written of [false, true]) {
    for (let at = 0;; at++) {
      const { store, keys } = await published();
      await addRelease(store, { version: "1.1.0", tree: THIRD });
      const faulty = crashingStore(store, { at, written });
      await unstageRelease(faulty, { version: "1.1.0" }).catch(() => {});
      if (!faulty.crashed) break;
      await publishRepository(store, { keys, clock });
      assert.ok([2, 4].includes((await refreshFrom(store)).targets.targets.size));
      assert.deepEqual((await verifyRepository(store)).findings, []);
    }
  }
});
