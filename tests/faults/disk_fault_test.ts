import assert from "node:assert/strict";
import { FileStore } from "../../cache/stores/fs.ts";
import { scrubStore } from "../../src/mirror/upkeep/scrub.ts";
import { testNeeding } from "../requirement.ts";
import { EdgeProcess } from "./edge_process.ts";
import { LiveRepository } from "./live_repository.ts";
import { SMALL_DISK, SmallDisk } from "./small_disk.ts";

async function reasons(edge: EdgeProcess): Promise<readonly string[]> {
  return (await (await fetch(`${edge.url}readyz`)).json()).reasons;
}

async function assertServes(edge: EdgeProcess, version: string, bytes: number): Promise<void> {
  const response = await fetch(`${edge.url}targets/hello-${version}.tar`);
  assert.equal(response.status, 200);
  assert.ok((await response.arrayBuffer()).byteLength > bytes);
}

for (
  const [what, breakDisk, mendDisk, size, code] of [
    ["a full disk", undefined, "size=40m", "3m", "storage-full"],
    ["a read-only disk", "ro", "rw", "40m", "storage-read-only"],
  ] as const
) {
  testNeeding(
    SMALL_DISK,
    `an edge on ${what} serves what it has, says why, and recovers`,
    async () => {
      await using origin = await LiveRepository.create();
      await using disk = await SmallDisk.mount(size);
      const store = `${disk.folder}/store`;
      await origin.release("1.0.0", 900_000);
      await using edge = await EdgeProcess.start([...origin.flags, "--store", `fs:${store}`]);
      await edge.logged("generation");
      const files = new FileStore(store);
      const before = await Array.fromAsync(files.list("metadata/"));

      if (breakDisk !== undefined) await disk.remount(breakDisk);
      await origin.release("1.1.0", 6_000_000);
      const trouble = await edge.logged("refresh failed");
      assert.equal(trouble["code"], code);
      assert.equal((await reasons(edge)).length, 1);
      assert.match(
        (await reasons(edge))[0] as string,
        /^Cannot write [^\n]*(ENOSPC|EROFS); [^\n]+$/,
      );
      assert.equal((await fetch(`${edge.url}readyz`)).status, 200, "what it has is good");
      await assertServes(edge, "1.0.0", 900_000);
      assert.deepEqual(await scrubStore(files), [], "nothing corrupt is left");
      assert.deepEqual(await Array.fromAsync(files.list("metadata/")), before);

      await disk.remount(mendDisk);
      await edge.logged("generation");
      assert.deepEqual(await reasons(edge), []);
      await assertServes(edge, "1.1.0", 6_000_000);
      const staged = await Array.fromAsync(Deno.readDir(`${store}/+staging`));
      assert.deepEqual(staged, [], "nothing half-written takes room");
    },
  );
}

testNeeding(
  SMALL_DISK,
  "an edge that starts on a read-only disk serves what is there",
  async () => {
    await using origin = await LiveRepository.create();
    await using disk = await SmallDisk.mount("20m");
    const flags = [...origin.flags, "--store", `fs:${disk.folder}/store`];
    await origin.release("1.0.0", 900_000);
    {
      await using edge = await EdgeProcess.start(flags);
      await edge.logged("generation");
    }
    await disk.remount("ro");
    await using edge = await EdgeProcess.start(flags);
    await assertServes(edge, "1.0.0", 900_000);
  },
);
