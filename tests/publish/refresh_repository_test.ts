import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { parseReleaseInfo } from "../../src/index/mod.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import {
  addRelease,
  lintRepository,
  loadPublished,
  promoteRelease,
  publishRepository,
  refreshRepository,
  rollOutRelease,
  withdrawRelease,
} from "../../src/publish/mod.ts";
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

const DAY = 86_400_000;
const after = (days: number) => ({ now: () => NOW + days * DAY });

async function published() {
  const { store, keys } = await newRepository();
  await addRelease(store, { version: "1.0.0", tree: new MemoryTree({ a: "1" }), channel: "beta" });
  await publishRepository(store, { keys, clock });
  return { store, keys };
}

Deno.test("refresh signs only what has less than half of its life left", async () => {
  const { store, keys } = await published();
  const before = await contentsOf(store);
  assert.deepEqual((await refreshRepository(store, { keys, clock: after(1) })).signed, []);
  assert.deepEqual(await contentsOf(store), before);
  const { signed } = await refreshRepository(store, { keys, clock: after(4) });
  assert.deepEqual(signed, ["timestamp"]);
  const later = await refreshRepository(store, { keys, clock: after(16) });
  assert.deepEqual(later.signed, ["snapshot", "timestamp"]);
  const last = await refreshRepository(store, { keys, clock: after(46) });
  assert.deepEqual(last.signed, ["targets", "snapshot", "timestamp"]);
  await refreshFrom(store, undefined, NOW + 47 * DAY);
});

Deno.test("nothing is signed under a clock from before what is published, and the clock is named", async () => {
  const { store, keys } = await published();
  const before = await contentsOf(store);
  const past = { now: () => 0 };
  for (const run of [refreshRepository, publishRepository]) {
    await assert.rejects(
      run(store, { keys, clock: past }),
      (error) => isBrecciaError(error, "clock-wrong") && /1970-01-01/.test(error.message),
    );
  }
  assert.deepEqual(await contentsOf(store), before);
  // A correction of hours is none of it: the life of what is signed begins where the last one began.
  await publishRepository(store, { keys, clock: after(-0.5) });
  await refreshFrom(store, undefined, NOW);
});

Deno.test("what was once signed under a clock far ahead is signed anew when the clock is right", async () => {
  const { store, keys } = await published();
  await refreshRepository(store, { keys, clock: after(3650) });
  await addRelease(store, { version: "1.1.0", tree: new MemoryTree({ a: "2" }) });
  await publishRepository(store, { keys, clock: after(1) });
  const { timestamp } = await loadPublished(store);
  assert.ok(timestamp.expires < NOW + 31 * DAY);
});

Deno.test("an expired repository is brought back by refresh", async () => {
  const { store, keys } = await published();
  await assert.rejects(refreshFrom(store, undefined, NOW + 100 * DAY));
  await refreshRepository(store, { keys, clock: after(100) });
  await refreshFrom(store, undefined, NOW + 100 * DAY);
});

Deno.test("refresh leaves staged what is staged, and publish still finds it", async () => {
  const { store, keys } = await published();
  await addRelease(store, { version: "1.1.0", tree: new MemoryTree({ a: "2" }) });
  await refreshRepository(store, { keys, clock: after(60) });
  assert.equal((await refreshFrom(store, undefined, NOW + 60 * DAY)).targets.targets.size, 2);
  await publishRepository(store, { keys, clock: after(60) });
  assert.equal((await refreshFrom(store, undefined, NOW + 60 * DAY)).targets.targets.size, 4);
});

Deno.test("refresh and publish at once: both count, and clients see one state", async () => {
  const { store, keys } = await published();
  await addRelease(store, { version: "1.1.0", tree: new MemoryTree({ a: "2" }) });
  await Promise.all([
    publishRepository(store, { keys, clock: after(60) }),
    refreshRepository(store, { keys, clock: after(60) }),
    refreshRepository(store, { keys, clock: after(60) }),
  ]);
  assert.equal((await refreshFrom(store, undefined, NOW + 60 * DAY)).targets.targets.size, 4);
});

Deno.test("refresh with the online keys alone reports what waits for the others", async () => {
  const { store } = await published();
  const keys = keyRing(await roleSigners(), ["root", "targets"]);
  const { signed, pending } = await refreshRepository(store, { keys, clock: after(200) });
  assert.deepEqual(signed, ["snapshot", "timestamp"]);
  assert.deepEqual(pending, ["root", "targets"]);
});

/** Channels and share of the only release, as clients see them. */
async function offered(store: ManagedStore) {
  for (const [path, { custom }] of (await refreshFrom(store)).targets.targets) {
    const info = parseReleaseInfo(path, custom);
    if (info !== undefined) return { channels: info.channels, rollout: info.rollout };
  }
  return undefined;
}

Deno.test("a release is promoted, rolled out by shares and withdrawn, each visible after publish", async () => {
  const { store, keys } = await published();
  await promoteRelease(store, { version: "1.0.0", to: "stable" });
  await rollOutRelease(store, { version: "1.0.0", percent: 10 });
  assert.deepEqual(await offered(store), { channels: ["beta"], rollout: undefined });
  await publishRepository(store, { keys, clock });
  assert.deepEqual(await offered(store), { channels: ["beta", "stable"], rollout: 10 });
  await rollOutRelease(store, { version: "1.0.0", percent: 100 });
  await withdrawRelease(store, { version: "1.0.0" });
  await publishRepository(store, { keys, clock });
  assert.deepEqual(await offered(store), { channels: [], rollout: undefined });
});

Deno.test("a lower version is not promoted over a later one, nor an unknown one anywhere", async () => {
  const { store } = await published();
  await addRelease(store, { version: "2.0.0", tree: new MemoryTree({ a: "2" }) });
  const before = await contentsOf(store);
  await assert.rejects(
    promoteRelease(store, { version: "1.0.0", to: "stable" }),
    (error) => isBrecciaError(error, "version-lower"),
  );
  await assert.rejects(
    withdrawRelease(store, { version: "9.0.0" }),
    (error) => isBrecciaError(error, "version-missing"),
  );
  assert.deepEqual(await contentsOf(store), before);
});

Deno.test("lints name the unsafe choices", async () => {
  const { store } = await published();
  const metadata = await loadPublished(store);
  const names = (keysHere: string[], now: number) =>
    lintRepository(metadata, new Set(keysHere), now).map(({ name }) => name);
  assert.deepEqual(names([], NOW), ["root-single-signature", "root-no-spare"]);
  assert.ok(names([...metadata.root.keys.keys()], NOW).includes("root-online"));
  assert.ok(names([], NOW + 8 * DAY).includes("expired"));
  assert.ok(names([], NOW - 30 * DAY).includes("timestamp-long-lived"));
});
