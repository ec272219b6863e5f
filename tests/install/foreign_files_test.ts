import assert from "node:assert/strict";
import { DirectoryInstall } from "../../cache/device/directory_install.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { openSession } from "../../src/install/mod.ts";
import { publishedRepository, update, withDevice } from "../client/device.ts";
import { staticHost } from "../client/static_host.ts";

const refused = (error: unknown): boolean => isBrecciaError(error, "no-installation");

Deno.test("a first update into a folder that holds other files is refused and changes nothing", async () => {
  const { store, root } = await publishedRepository();
  await withDevice(root, async (device) => {
    await Deno.mkdir(`${device.folder}/releases/20250101`, { recursive: true });
    await Deno.mkdir(`${device.folder}/releases/shared`);
    await Deno.writeTextFile(`${device.folder}/releases/20250101/app`, "theirs");
    await Deno.writeTextFile(`${device.folder}/releases/shared/db.sqlite`, "rows");
    const before = await device.snapshot();
    await assert.rejects(update(device, staticHost(store)), refused);
    assert.deepEqual(await device.snapshot(), before);
  });
});

Deno.test("what was there before an adoption outlives every later update", async () => {
  const { store, root, publishNext } = await publishedRepository();
  await withDevice(root, async (device) => {
    await Deno.mkdir(`${device.folder}/releases/shared.part0`, { recursive: true });
    await Deno.writeTextFile(`${device.folder}/releases/shared.part0/db.sqlite`, "rows");
    await Deno.writeTextFile(`${device.folder}/config.toml`, "mine");
    await Deno.mkdir(`${device.folder}/state/indexes`, { recursive: true });
    await Deno.writeTextFile(`${device.folder}/state/indexes/notes.txt`, "mine");
    const session = await openSession(device.target, { adopt: true });
    assert.deepEqual(session.installation.adopted, [
      "config.toml",
      "releases/shared.part0",
      "state/indexes/notes.txt",
    ]);
    assert.equal(await update(device, staticHost(store), {}, { adopt: true }), "1.0.0");
    await publishNext();
    assert.equal(await update(device, staticHost(store)), "1.1.0");
    const after = await device.snapshot();
    assert.equal(after.get("releases/shared.part0/db.sqlite"), "rows");
    assert.equal(after.get("config.toml"), "mine");
    assert.equal(after.get("state/indexes/notes.txt"), "mine");
  });
});

Deno.test("a tree that no update wrote is neither removed nor written into, whatever its name", async () => {
  const { store, root, publishNext } = await publishedRepository();
  await withDevice(root, async (device) => {
    await update(device, staticHost(store));
    await Deno.mkdir(`${device.folder}/releases/1.0.0-mine`);
    await Deno.writeTextFile(`${device.folder}/releases/1.0.0-mine/file`, "mine");
    await publishNext();
    await update(device, staticHost(store));
    await (await device.session()).rollback();
    await update(device, staticHost(store), { version: "1.1.0" });
    assert.equal((await device.snapshot()).get("releases/1.0.0-mine/file"), "mine");
  });
});

Deno.test("a pointer of another program is not replaced: adoption names it and stops", async () => {
  const { root } = await publishedRepository();
  await withDevice(root, async ({ folder, target }) => {
    await Deno.mkdir(`${folder}/releases/20250101`, { recursive: true });
    await Deno.symlink("releases/20250101", `${folder}/current`);
    const named = (error: unknown): boolean => refused(error) && /current/.test(String(error));
    await assert.rejects(openSession(target), named);
    await assert.rejects(openSession(target, { adopt: true }), named);
    assert.equal(await Deno.readLink(`${folder}/current`), "releases/20250101");
  });
});

Deno.test("a file that only looks like the next pointer stays, and the update is refused", async () => {
  await withDevice(undefined, async ({ folder, target }) => {
    await (await target.lock())();
    await Deno.writeTextFile(`${folder}/current.next`, "mine");
    await assert.rejects(target.point("tree"), (error) => isBrecciaError(error, "storage-corrupt"));
    assert.equal(await Deno.readTextFile(`${folder}/current.next`), "mine");
    assert.equal(await target.pointer(), undefined);
  });
});

Deno.test("a directory where the pointer belongs is named with its cure", async () => {
  await withDevice(undefined, async ({ folder }) => {
    await Deno.mkdir(`${folder}/current`);
    await assert.rejects(
      new DirectoryInstall(folder).pointer(),
      (error) =>
        isBrecciaError(error, "storage-corrupt") &&
        /is a directory.*move it away/.test(String(error)),
    );
  });
});
