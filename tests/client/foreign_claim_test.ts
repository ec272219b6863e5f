import assert from "node:assert/strict";
import { type ReleaseFilter, selectRelease } from "../../src/client/release_choice.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { parseReleaseInfo, releaseInfoToCustom } from "../../src/index/mod.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { addRelease, delegateToTeam, publishRepository } from "../../src/publish/mod.ts";
import { changeDraft } from "../../src/publish/drafts.ts";
import { loadPublished } from "../../src/publish/published_metadata.ts";
import { Ed25519Signer } from "../../src/tuf/mod.ts";
import { MemoryTree } from "../publish/memory_tree.ts";
import {
  clock,
  keyRing,
  newRepository,
  refreshFrom,
  roleSigners,
} from "../publish/repository_fixture.ts";
import { update, withDevice } from "./device.ts";
import { staticHost } from "./static_host.ts";

const TREE = new MemoryTree({ a: "1" });

/** A repository of the app hello whose teams editor and viewer have the patterns given. */
async function withTeams(patterns: Readonly<Record<string, string>>) {
  const { store } = await newRepository();
  const signers = await roleSigners();
  const more: Ed25519Signer[] = [];
  for (const [number, [name, paths]] of Object.entries(patterns).entries()) {
    const signer = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(31 + number));
    more.push(signer);
    await delegateToTeam(store, { name, paths: [paths], keys: [signer.key], threshold: 1 });
  }
  signers.set("targets", [...signers.get("targets")!, ...more]);
  const publish = () => publishRepository(store, { keys: keyRing(signers), clock });
  return { store, publish, root: (await store.get("metadata/1.root.json"))!.bytes };
}

/** What a team with its own tools can do: sign anything of itself under a path that it may sign. */
async function claim(
  store: ManagedStore,
  team: string,
  path: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  await changeDraft(store, "targets", await loadPublished(store), (draft) => {
    const file = draft.targets.get(path)!;
    const info = { ...parseReleaseInfo(path, file.custom)!, ...fields };
    const custom = releaseInfoToCustom(info);
    return { ...draft, targets: new Map([...draft.targets, [path, { ...file, custom }]]) };
  }, { clock, name: team });
}

function choose(store: ManagedStore, filter: Partial<ReleaseFilter> = {}) {
  return refreshFrom(store).then((metadata) =>
    selectRelease(metadata, {
      channel: "stable",
      platform: "any",
      isInRollout: () => Promise.resolve(true),
      ...filter,
    })
  );
}

Deno.test("a team that calls its target a release of another app is not believed, and stops nobody", async () => {
  const { store, publish, root } = await withTeams({ editor: "editor-*" });
  await addRelease(store, { version: "1.0.0", tree: TREE });
  await addRelease(store, { version: "9.9.9", tree: TREE, team: "editor", app: "editor-hello" });
  await claim(store, "editor", "editor-hello-9.9.9.index", { app: "hello", required: true });
  await publish();
  for (const app of ["hello", undefined]) {
    const { offer, notes } = await choose(store, { app });
    assert.equal(offer!.info.version, "1.0.0", app);
    assert.equal(offer!.role, "targets");
    // Who names the app does not even ask a role that may speak of none of its files.
    const told = /editor-hello-9\.9\.9\.index of the role editor/.test(notes.join());
    assert.equal(told, app === undefined);
  }
  await withDevice(root, async (device) => {
    assert.equal(await update(device, staticHost(store)), "1.0.0");
    assert.equal((await device.session()).subscription!.role, "targets");
    const before = await device.snapshot();
    assert.equal(await (await device.updater(staticHost(store))).check(), undefined);
    assert.deepEqual(await device.snapshot(), before);
  });
});

Deno.test("what a target says of its version, platform, order, archive or notes must be what its path says", async () => {
  const lies: Record<string, unknown>[] = [
    { version: "2.0.0" },
    { platform: "linux-x64" },
    { order: "pep440", version: "1.0.0-linux" },
    { archive: "hello-1.0.0.tar" },
    { notes: "hello-1.0.0.notes.md" },
    { app: "editor-hello-1.0.0", version: "1.0.0" },
  ];
  for (const lie of lies) {
    const { store, publish } = await withTeams({ editor: "editor-*" });
    await addRelease(store, { version: "1.0.0", tree: TREE, team: "editor", app: "editor" });
    await claim(store, "editor", "editor-1.0.0.index", lie);
    await publish();
    const app = (lie["app"] ?? "editor") as string;
    await assert.rejects(
      choose(store, { app }),
      (error) => isBrecciaError(error, "version-missing"),
      JSON.stringify(lie),
    );
  }
});

Deno.test("an app is of the first role in delegation order, and a later team's claim is ignored", async () => {
  const { store, publish } = await withTeams({ editor: "*-1*", viewer: "hello-*" });
  await addRelease(store, { version: "1.0.0", tree: TREE });
  await addRelease(store, { version: "2.0.0", tree: TREE, team: "viewer", app: "hello" });
  await publish();
  const { offer, notes } = await choose(store, { app: "hello" });
  assert.equal(offer!.info.version, "1.0.0");
  assert.match(notes.join(), /viewer signs releases of hello, too/);
});

Deno.test("a device stays with the role whose release it installed, until that licenses none of the app", async () => {
  const { store, publish } = await withTeams({ editor: "hello-2*", viewer: "hello-*" });
  await addRelease(store, { version: "1.0.0", tree: TREE, team: "viewer", app: "hello" });
  await publish();
  assert.equal((await choose(store)).offer!.role, "viewer");
  await addRelease(store, { version: "2.0.0", tree: TREE, team: "editor", app: "hello" });
  await publish();
  const kept = await choose(store, { app: "hello", role: "viewer" });
  assert.equal(kept.offer!.info.version, "1.0.0");
  const moved = await choose(store, { app: "hello", role: "gone" });
  assert.equal(moved.offer!.role, "editor");
  assert.match(moved.notes.join(), /signed by the role editor now/);
});

Deno.test("a team's further app leaves a device that names none in no doubt", async () => {
  const { store, publish } = await withTeams({ editor: "editor-*" });
  await addRelease(store, { version: "1.0.0", tree: TREE });
  await addRelease(store, { version: "3.0.0", tree: TREE, team: "editor", app: "editor" });
  await publish();
  assert.equal((await choose(store)).offer!.info.app, "hello");
});

/** hello of the publisher and editor-hello of a team, whose metadata the mirror then has no more. */
async function withoutTeam() {
  const { store, publish, root } = await withTeams({ editor: "editor-*" });
  await addRelease(store, { version: "1.0.0", tree: TREE });
  await addRelease(store, { version: "1.0.0", tree: TREE, team: "editor", app: "editor-hello" });
  await publish();
  for await (const { key } of store.list("metadata/")) {
    if (/\.editor\.json$/.test(key)) await store.delete(key);
  }
  return { store, root };
}

Deno.test("a team whose metadata can't be had stops no client of another app", async () => {
  const { store, root } = await withoutTeam();
  for (const app of ["hello", undefined]) {
    const { offer, notes } = await choose(store, { app });
    assert.equal(offer?.info.app, "hello");
    assert.equal(/role editor is unavailable/.test(notes.join()), app === undefined);
  }
  await withDevice(root, async (device) => {
    assert.equal(await update(device, staticHost(store), { app: "hello" }), "1.0.0");
  });
});

Deno.test('a client whose own team can\'t be had is told so by name: not knowing is no "up to date"', async () => {
  const { store } = await withoutTeam();
  for (const role of ["editor", undefined]) {
    await assert.rejects(
      choose(store, { app: "editor-hello", role }),
      (error) =>
        isBrecciaError(error, "metadata-missing") &&
        /news of editor-hello: the role editor, .* is unavailable/.test(error.message),
    );
  }
});
