import assert from "node:assert/strict";
import { DirectoryInstall } from "../../cache/device/directory_install.ts";
import { isBrecciaError } from "../../src/errors.ts";

async function inScratch(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("one updater at a time: a second lock is refused at once, and free after release", async () => {
  await inScratch(async (folder) => {
    const install = new DirectoryInstall(folder);
    const release = await install.lock();
    await assert.rejects(install.lock(), (error) => isBrecciaError(error, "locked"));
    await release();
    await (await install.lock())();
  });
});

Deno.test("a lock ends with its process, however that ends", async () => {
  await inScratch(async (folder) => {
    const holder = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { DirectoryInstall } from ${
          JSON.stringify(import.meta.resolve("../../cache/device/directory_install.ts"))
        };
         await new DirectoryInstall(${JSON.stringify(folder)}).lock();
         console.log("held");
         setInterval(() => {}, 1000);`,
      ],
      stdout: "piped",
    }).spawn();
    await holder.stdout.getReader().read();
    const install = new DirectoryInstall(folder);
    await assert.rejects(install.lock(), (error) => isBrecciaError(error, "locked"));
    holder.kill("SIGKILL");
    await holder.status;
    await (await install.lock())();
  });
});

Deno.test("the pointer names nothing, then a tree, and a stranger's pointer is refused", async () => {
  await inScratch(async (folder) => {
    const install = new DirectoryInstall(folder);
    assert.equal(await install.pointer(), undefined);
    await (await install.lock())();
    await install.point("1.0.0-abc");
    assert.equal(await install.pointer(), "1.0.0-abc");
    await install.point("1.1.0-def");
    assert.equal(await install.pointer(), "1.1.0-def");
    await Deno.remove(`${folder}/current`);
    await Deno.symlink("/etc", `${folder}/current`);
    await assert.rejects(install.pointer(), (error) => isBrecciaError(error, "storage-corrupt"));
  });
});

Deno.test("a tree with read-only directories can be removed, and hostile names are refused", async () => {
  await inScratch(async (folder) => {
    const install = new DirectoryInstall(folder);
    await (await install.lock())();
    const writer = install.write("tree");
    await writer.directory({ kind: "directory", path: "a", mode: 0o555 });
    await writer.file({ kind: "file", path: "a/b", mode: 0o444, size: 0 });
    await writer.finish();
    await install.remove("tree");
    assert.deepEqual(await install.trees(), []);
    for (const name of ["..", "a/b", ".hidden", "", "a\0"]) {
      assert.throws(() => install.read(name), (error) => isBrecciaError(error, "usage"), name);
    }
  });
});
