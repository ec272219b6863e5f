import assert from "node:assert/strict";
import { MemoryStore } from "../../cache/stores/memory.ts";
import { isInRollout } from "../../src/client/rollout.ts";
import { type ReleaseFilter, selectRelease } from "../../src/client/release_choice.ts";
import { trustState } from "../../src/client/mod.ts";
import type { ReleaseInfo } from "../../src/index/mod.ts";
import { addRelease, publishRepository, rollOutRelease } from "../../src/publish/mod.ts";
import { MemoryTree } from "../publish/memory_tree.ts";
import { clock, newRepository, NOW, refreshFrom } from "../publish/repository_fixture.ts";
import { publishedRepository, update, withDevice } from "./device.ts";
import { staticHost } from "./static_host.ts";

const { store, keys } = await newRepository();
for (
  const [version, required] of [["1.0.0", false], ["1.1.0", true], ["1.2.0", true], [
    "1.3.0",
    false,
  ]] as const
) {
  await addRelease(store, { version, required, tree: new MemoryTree({ file: version }) });
}
await rollOutRelease(store, { version: "1.3.0", percent: 10 });
await publishRepository(store, { keys, clock });
const metadata = await refreshFrom(store);

async function choose(
  installed: string | undefined,
  included: boolean,
  version?: string,
  options: Partial<ReleaseFilter> = {},
): Promise<string> {
  const offered = await selectRelease(metadata, {
    channel: "stable",
    platform: "any",
    version,
    installed: installed === undefined ? undefined : { version: installed, index: installed },
    isInRollout: (info) => Promise.resolve(info.rollout === undefined || included),
    ...options,
  });
  return offered.offer!.info.version;
}

Deno.test("a device outside a rollout stays with the version before, and one inside goes on", async () => {
  assert.equal(await choose("1.2.0", false), "1.2.0");
  assert.equal(await choose("1.2.0", true), "1.3.0");
  assert.equal(await choose(undefined, false), "1.2.0");
  assert.equal(await choose("1.2.0", false, "1.3.0"), "1.3.0", "asked for by name");
});

Deno.test("required versions are stepping stones: none is skipped on the way", async () => {
  assert.equal(await choose("1.0.0", true), "1.1.0");
  assert.equal(await choose("1.1.0", true), "1.2.0");
  assert.equal(await choose(undefined, true), "1.3.0", "a new device has nothing to migrate");
});

Deno.test("a rollout includes about its share of devices, always the same ones, and more as it grows", async () => {
  const info = (rollout: number): ReleaseInfo => ({
    app: "hello",
    version: "1.3.0",
    platform: "any",
    order: "semver",
    channels: ["stable"],
    archive: "hello-1.3.0.tar",
    rollout,
  });
  let included = 0;
  for (let device = 0; device < 400; device++) {
    const files = new MemoryStore();
    const first = await isInRollout(info(25), files);
    assert.equal(await isInRollout(info(25), files), first);
    if (first) assert.ok(await isInRollout(info(60), files));
    included += Number(first);
  }
  assert.ok(included > 50 && included < 150, `${included} of 400 at 25 %`);
});

Deno.test("a device tells offline how long its metadata holds, and by how much it expired", async () => {
  const { store: host, root } = await publishedRepository();
  await withDevice(root, async (device) => {
    const { installation } = await device.session();
    assert.match((await trustState(installation.files, NOW)).refusal ?? "", /root/);
    await update(device, staticHost(host));
    const state = await trustState(installation.files, NOW);
    assert.ok(state.refusal === undefined && (state.expires as number) > NOW);
    const later = await trustState(installation.files, (state.expires as number) + 86_400_000);
    assert.match(later.refusal ?? "", /expired/);
  });
});
