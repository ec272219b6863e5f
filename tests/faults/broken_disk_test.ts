import assert from "node:assert/strict";
import { FileStore } from "../../cache/stores/fs.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { scrubStore } from "../../src/mirror/upkeep/scrub.ts";
import { BROKEN_DISK, BrokenDisk } from "./broken_disk.ts";
import { EdgeProcess } from "./edge_process.ts";
import { LiveRepository } from "./live_repository.ts";

const BYTES = 900_000;

/** As `testNeeding`, but no failure in CI: not every container that CI runs in may have loop devices. */
function testOnBrokenDisk(name: string, fn: () => Promise<void>): void {
  const { available, what } = BROKEN_DISK;
  Deno.test({
    name: available ? name : `${name} [skipped: needs ${what}]`,
    ignore: !available,
    fn,
  });
}

const filesBelow = (folder: string): string[] =>
  [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  );

testOnBrokenDisk(
  "an edge whose disk answers EIO brings what is lost again, and serves it",
  async () => {
    await using origin = await LiveRepository.create();
    await using disk = await BrokenDisk.mount();
    const folder = `${disk.folder}/store`;
    const flags = [...origin.flags, "--store", `fs:${folder}`];
    await origin.release("1.0.0", BYTES);
    {
      await using edge = await EdgeProcess.start(flags);
      await edge.logged("generation");
    }
    const packs = filesBelow(`${folder}/packs`);
    await disk.lose(packs);
    const store = new FileStore(folder, { layout: "sharded" });
    const keys = packs.map((path) => `packs/${path.split("/").at(-1)}`);
    for (const key of keys) {
      await assert.rejects(
        store.get(key),
        (error) => isBrecciaError(error, "storage-corrupt") && /EIO/.test(error.message),
      );
    }

    await using edge = await EdgeProcess.start(flags);
    const response = await fetch(`${edge.url}targets/hello-1.0.0.tar`);
    assert.equal(response.status, 200);
    const archive = new Uint8Array(await response.arrayBuffer());
    assert.deepEqual(archive.slice(512, 512 + BYTES), await origin.program());
    assert.equal((await fetch(`${edge.url}readyz`)).status, 200);
    for (const key of keys) {
      assert.notEqual(
        await store.get(key),
        undefined,
        "it lies elsewhere now",
      );
    }
  },
);

testOnBrokenDisk("a scrub removes what the disk can't give back, and nothing else", async () => {
  await using disk = await BrokenDisk.mount();
  await using origin = await LiveRepository.create();
  await origin.release("1.0.0", BYTES);
  const folder = `${disk.folder}/store`;
  {
    await using edge = await EdgeProcess.start([...origin.flags, "--store", `fs:${folder}`]);
    await edge.logged("generation");
  }
  const packs = filesBelow(`${folder}/packs`);
  const others = filesBelow(folder).filter((path) => !packs.includes(path));
  await disk.lose(packs);
  const store = new FileStore(folder, { layout: "sharded" });
  const removed = await scrubStore(store);
  assert.deepEqual(removed, packs.map((path) => `packs/${path.split("/").at(-1)}`).sort());
  assert.deepEqual(filesBelow(folder).sort(), others.sort());
});
