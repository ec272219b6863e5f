import assert from "node:assert/strict";
import { Updater } from "../../src/client/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { addRelease, publishRepository, withdrawRelease } from "../../src/publish/mod.ts";
import { Ed25519Signer, readMetadata, signMetadata } from "../../src/tuf/mod.ts";
import { MemoryTree } from "../publish/memory_tree.ts";
import { clock, newRepository, NOW } from "../publish/repository_fixture.ts";
import { type Device, update, withDevice } from "./device.ts";
import { staticHost } from "./static_host.ts";

const DAY = 86_400_000;

/** A repository of three releases, the second required; `publish` shows what was changed since. */
async function repository() {
  const { store, keys } = await newRepository();
  const publish = () => publishRepository(store, { keys, clock });
  const add = (version: string, required = false) =>
    addRelease(store, { version, required, tree: new MemoryTree({ file: version }) });
  await add("1.0.0");
  await publish();
  const root = (await store.get("metadata/1.root.json"))!.bytes;
  return { store, publish, add, root, host: () => staticHost(store) };
}

/** Checks, and asserts that nothing comes and nothing on disk changes but what was trusted since. */
async function staysAt(device: Device, version: string, host: ReturnType<typeof staticHost>) {
  const updater = await device.updater(host);
  assert.equal(await updater.check(), undefined);
  assert.equal((await device.session()).current!.version, version);
  return updater.notes.join("\n");
}

Deno.test("a version asked for by name behind a required one is refused, and the refusal names the way", async () => {
  const { add, publish, root, host } = await repository();
  await withDevice(root, async (device) => {
    await update(device, host());
    await add("1.1.0", true);
    await add("1.2.0");
    await publish();
    const updater = await device.updater(host(), { policy: { version: "1.2.0" } });
    await assert.rejects(
      updater.check(),
      (error) => isBrecciaError(error, "version-required") && /1\.1\.0 first/.test(error.message),
    );
    assert.equal(await update(device, host(), { version: "1.1.0" }), "1.1.0");
    assert.equal(await update(device, host(), { version: "1.2.0" }), "1.2.0");
  });
});

Deno.test("what was staged and is withdrawn since is not applied, by a new process nor by the old one", async () => {
  const { store, add, publish, root, host } = await repository();
  await withDevice(root, async (device) => {
    await update(device, host());
    await add("1.1.0");
    await publish();
    const found = await (await device.updater(host())).check();
    await found!.download();
    await withdrawRelease(store, { version: "1.1.0" });
    await publish();
    await staysAt(device, "1.0.0", host());
    const before = await device.snapshot();
    const install = await device.session();
    const cache = install.installation.files;
    const refused = (error: unknown) =>
      isBrecciaError(error, "version-missing") && /withdrawn/.test(error.message);
    await assert.rejects(Updater.applyStaged({ install, cache }), refused);
    await assert.rejects(found!.apply(), refused);
    assert.deepEqual(await device.snapshot(), before);
  });
});

Deno.test("a withdrawn release is left for a lower one, and the reason is told", async () => {
  const { store, add, publish, root, host } = await repository();
  await withDevice(root, async (device) => {
    await add("1.1.0");
    await publish();
    await update(device, host());
    await withdrawRelease(store, { version: "1.1.0" });
    await publish();
    const updater = await device.updater(host());
    assert.equal((await updater.check())!.version, "1.0.0");
    assert.match(updater.notes.join(), /1\.1\.0 was withdrawn/);
  });
});

Deno.test("what a rollback left is held until a newer version is published, or until resume", async () => {
  const { add, publish, root, host } = await repository();
  await withDevice(root, async (device) => {
    await update(device, host());
    await add("1.1.0");
    await publish();
    await update(device, host());
    await (await device.session()).rollback();
    assert.equal((await device.session()).held!.version, "1.1.0");
    assert.match(await staysAt(device, "1.0.0", host()), /1\.1\.0 is held/);

    assert.equal((await (await device.updater(host())).resume())!.version, "1.1.0");
    assert.equal(await update(device, host()), "1.1.0");
    await (await device.session()).rollback();
    await add("1.2.0");
    await publish();
    assert.equal(await update(device, host()), "1.2.0");
    assert.equal((await device.session()).held, undefined);
  });
});

Deno.test("a rollback and a second one hold nothing, and a held version can be asked for by name", async () => {
  const { add, publish, root, host } = await repository();
  await withDevice(root, async (device) => {
    await update(device, host());
    await add("1.1.0");
    await publish();
    await update(device, host());
    await (await device.session()).rollback();
    await (await device.session()).rollback();
    assert.equal((await device.session()).held, undefined);
    await (await device.session()).rollback();
    assert.equal(await update(device, host(), { version: "1.1.0" }), "1.1.0");
    assert.equal((await device.session()).held, undefined);
  });
});

Deno.test("after an installation another root is refused by name, before anything is asked, and changes nothing", async () => {
  const { root, host } = await repository();
  const foreign = await otherRoot();
  await withDevice(root, async (device) => {
    await update(device, host());
    const before = await device.snapshot();
    const asked = host();
    const install = await device.session();
    const updater = Updater.open({
      root: foreign,
      mirrors: ["https://mirror.test/"],
      install,
      cache: install.installation.files,
      fetch: asked,
      clock,
    });
    await assert.rejects(
      updater.check(),
      (error) => isBrecciaError(error, "usage") && /another one/.test(error.message),
    );
    assert.deepEqual(asked.requests, []);
    assert.deepEqual(await device.snapshot(), before);
    assert.equal(await (await device.updater(host())).check(), undefined);
  });
});

Deno.test("a check of an empty directory writes nothing, and settles no root", async () => {
  const { root, host } = await repository();
  await withDevice(await otherRoot(), async (device) => {
    await assert.rejects((await device.updater(host())).check());
    assert.deepEqual([...Deno.readDirSync(device.folder)], []);
    const install = await device.session();
    const cache = install.installation.files;
    const options = { mirrors: ["https://mirror.test/"], install, cache, fetch: host(), clock };
    const found = await Updater.open({ ...options, root }).check();
    assert.deepEqual([...Deno.readDirSync(device.folder)], []);
    await found!.download();
    assert.equal((await found!.apply()).version, "1.0.0");
  });
});

Deno.test("a clock set back by years is named, and one set back by hours makes nothing valid again", async () => {
  const { root, host } = await repository();
  await withDevice(root, async (device) => {
    await update(device, host());
    const at = async (now: number) => {
      const install = await device.session();
      const cache = install.installation.files;
      return Updater.open({ install, cache, fetch: host(), clock: { now: () => now } }).check();
    };
    const before = await device.snapshot();
    await assert.rejects(
      at(0),
      (error) => isBrecciaError(error, "clock-wrong") && /1970-01-01/.test(error.message),
    );
    assert.deepEqual(await device.snapshot(), before);
    const expires = NOW + 7 * DAY;
    assert.equal(await at(expires - 1000), undefined);
    await assert.rejects(at(expires + 1000), (error) => isBrecciaError(error, "freeze"));
    await assert.rejects(at(NOW), (error) => isBrecciaError(error, "clock-wrong"));
  });
});

Deno.test("what was downloaded only is followed once it is applied by another process", async () => {
  const { root, host } = await repository();
  await withDevice(root, async (device) => {
    await (await (await device.updater(host())).check())!.download();
    assert.equal((await device.session()).subscription, undefined);
    const install = await device.session();
    await Updater.applyStaged({ install, cache: install.installation.files });
    const { app, mirrors } = (await device.session()).subscription!;
    assert.deepEqual([app, mirrors], ["hello", ["https://mirror.test/"]]);
  });
});

/** The first root of another repository. */
async function otherRoot(): Promise<Uint8Array> {
  const { store } = await newRepository();
  const bytes = (await store.get("metadata/1.root.json"))!.bytes;
  const signer = await Ed25519Signer.fromSeed(new Uint8Array(32).fill(77));
  const { signed } = readMetadata(bytes, "root", "root.json");
  const rule = { keyIds: [signer.keyId], threshold: 1 };
  const roles = new Map([...signed.roles.keys()].map((role) => [role, rule]));
  const keys = new Map([[signer.keyId, signer.key]]);
  return await signMetadata({ ...signed, roles, keys }, [signer]);
}
