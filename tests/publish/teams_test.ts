import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { isBrecciaError } from "../../src/errors.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import {
  addRelease,
  delegateToTeam,
  type KeyRing,
  publishRepository,
  refreshRepository,
  verifyRepository,
} from "../../src/publish/mod.ts";
import { Ed25519Signer, type Signer } from "../../src/tuf/mod.ts";
import { crashingStore } from "./crashing_store.ts";
import { MemoryTree } from "./memory_tree.ts";
import {
  clock,
  contentsOf,
  keyRing,
  newRepository,
  NOW,
  refreshFrom,
  roleSigners,
} from "./repository_fixture.ts";

const TREE = new MemoryTree({ a: "1" });

/** The keys of `base` and `more`. */
function withKeys(base: KeyRing, ...more: readonly Signer[]): KeyRing {
  return {
    signer: (keyId) => {
      const found = more.find((signer) => signer.keyId === keyId);
      return found === undefined ? base.signer(keyId) : Promise.resolve(found);
    },
  };
}

/** A repository with the teams editor and viewer, delegations published. */
async function withTeams() {
  const { store, keys } = await newRepository();
  const editor = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(21));
  const viewer = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(22));
  for (const [name, signer] of [["editor", editor], ["viewer", viewer]] as const) {
    await delegateToTeam(store, {
      name,
      paths: [`${name}-*`],
      keys: [signer.key],
      threshold: 1,
    });
  }
  await publishRepository(store, { keys: withKeys(keys, editor, viewer), clock });
  const online = keyRing(await roleSigners(), ["root", "targets"]);
  return { store, keys, online, editor, viewer };
}

/** Target paths that a client finds, with the role that licenses each. */
async function licensed(store: ManagedStore, now = NOW): Promise<Map<string, string>> {
  const roles = new Map<string, string>();
  const metadata = await refreshFrom(store, undefined, now);
  for await (const { path, role } of metadata.allTargets()) roles.set(path, role);
  return roles;
}

function addFor(store: ManagedStore, team: string, version: string) {
  return addRelease(store, { version, tree: TREE, team, app: team });
}

Deno.test("a team publishes with its own key, without the targets key", async () => {
  const { store, online, editor } = await withTeams();
  await addFor(store, "editor", "1.0.0");
  const { signed } = await publishRepository(store, { keys: withKeys(online, editor), clock });
  assert.deepEqual(signed, ["editor", "snapshot", "timestamp"]);
  assert.deepEqual(
    await licensed(store),
    new Map([["editor-1.0.0.index", "editor"], ["editor-1.0.0.tar", "editor"]].sort() as never),
  );
  assert.deepEqual((await verifyRepository(store)).findings, []);
});

Deno.test("a team is refused what it may not sign for, and nothing is written", async () => {
  const { store } = await withTeams();
  const before = await contentsOf(store);
  for (const app of ["viewer", "hello"]) {
    await assert.rejects(
      addRelease(store, { version: "1.0.0", tree: TREE, team: "editor", app }),
      (error) => isBrecciaError(error, "policy-unsafe"),
    );
  }
  await assert.rejects(
    addRelease(store, { version: "1.0.0", tree: TREE, team: "nobody" }),
    (error) => isBrecciaError(error, "usage"),
  );
  assert.deepEqual(await contentsOf(store), before);
});

Deno.test("a team without its keys keeps nobody else waiting", async () => {
  const { store, keys } = await withTeams();
  await addFor(store, "editor", "1.0.0");
  await addRelease(store, { version: "1.0.0", tree: TREE });
  const { signed, pending } = await publishRepository(store, { keys, clock });
  assert.deepEqual(signed, ["targets", "snapshot", "timestamp"]);
  assert.deepEqual(pending, ["editor"]);
  assert.equal((await licensed(store)).size, 2);
});

Deno.test("apps of two teams have their own version order, and share chunks", async () => {
  const { store, online, editor, viewer } = await withTeams();
  await addFor(store, "editor", "2.0.0");
  const added = await addFor(store, "viewer", "1.0.0");
  assert.equal(added.packBytes, 0);
  await publishRepository(store, { keys: withKeys(online, editor, viewer), clock });
  assert.equal((await licensed(store)).size, 4);
});

Deno.test("a new key for a team replaces the old one, and its releases are signed anew", async () => {
  const { store, keys, editor } = await withTeams();
  await addFor(store, "editor", "1.0.0");
  await publishRepository(store, { keys: withKeys(keys, editor), clock });
  const next = await Ed25519Signer.generate();
  const team = { name: "editor", paths: ["editor-*"], keys: [next.key], threshold: 1 };
  await delegateToTeam(store, team);
  const before = await contentsOf(store);
  await assert.rejects(
    publishRepository(store, { keys: withKeys(keys, editor), clock }),
    (error) => isBrecciaError(error, "keystore"),
  );
  assert.deepEqual(await contentsOf(store), before);
  await publishRepository(store, { keys: withKeys(keys, next), clock });
  assert.equal((await licensed(store)).size, 2);
});

Deno.test("refresh renews a team whose key is at hand and reports the others", async () => {
  const { store, keys, editor } = await withTeams();
  const later = { now: () => NOW + 60 * 86_400_000 };
  const { signed, pending } = await refreshRepository(store, {
    keys: withKeys(keys, editor),
    clock: later,
  });
  assert.deepEqual(signed, ["editor", "targets", "snapshot", "timestamp"]);
  assert.deepEqual(pending, ["viewer"]);
});

Deno.test("a crash at any write of a delegation leaves clients the old state or the new one", async () => {
  for (let at = 0;; at++) {
    const { store, keys } = await newRepository();
    const editor = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(21));
    const team = { name: "editor", paths: ["editor-*"], keys: [editor.key], threshold: 1 };
    const options = { keys: withKeys(keys, editor), clock };
    const faulty = crashingStore(store as MemoryStore, { at, written: true });
    await delegateToTeam(faulty, team).then(() => addFor(faulty, "editor", "1.0.0"))
      .then(() => publishRepository(faulty, options)).catch(() => {});
    if (!faulty.crashed) break;
    assert.ok([0, 2].includes((await licensed(store)).size));
    await delegateToTeam(store, team);
    await addFor(store, "editor", "1.0.0").catch((error) =>
      assert.ok(isBrecciaError(error, "version-duplicate"))
    );
    await publishRepository(store, options);
    assert.equal((await licensed(store)).size, 2);
  }
});
