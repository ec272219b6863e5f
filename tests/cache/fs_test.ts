import assert from "node:assert/strict";
import { FileStore } from "../../cache/stores/fs.ts";
import { isBrecciaError } from "../../src/errors.ts";
import { testStoreContract } from "../contract/store_contract.ts";

for (const [name, layout] of [["fs", "flat"], ["fs in shards", "sharded"]] as const) {
  testStoreContract(name, async () => {
    const root = await Deno.makeTempDir();
    const store = new FileStore(root, { layout });
    const held = () => openFilesBelow(root).length;
    return { store, held, close: () => Deno.remove(root, { recursive: true }) };
  });
}

/** Files of a directory that this process has open, where the system tells. */
function openFilesBelow(root: string): string[] {
  if (Deno.build.os !== "linux") return [];
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      return [Deno.readLinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return []; // It was closed meanwhile.
    }
  }).filter((path) => path.startsWith(root));
}

Deno.test("the count of files that the store has open counts them", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/file`, "");
    const file = await Deno.open(`${root}/file`);
    assert.equal(openFilesBelow(root).length, Deno.build.os === "linux" ? 1 : 0);
    file.close();
    assert.deepEqual(openFilesBelow(root), []);
  });
});

async function inDirectory(use: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const filesBelow = (root: string): string[] =>
  [...Deno.readDirSync(root)].flatMap((entry) =>
    entry.isDirectory ? filesBelow(`${root}/${entry.name}`) : [entry.name]
  ).sort();

Deno.test("a key is the path of its file, so other servers can hand the directory out", async () => {
  await inDirectory(async (root) => {
    await new FileStore(root).put("packs/abc", new Uint8Array([1, 2]));
    assert.deepEqual(await Deno.readFile(`${root}/packs/abc`), new Uint8Array([1, 2]));
    assert.deepEqual(filesBelow(root), ["abc"], "nothing stays in the staging folder");
  });
});

Deno.test("two processes on one directory see each other's objects and conditions", async () => {
  await inDirectory(async (root) => {
    const [one, two] = [new FileStore(root), new FileStore(root)];
    const etag = await one.put("current", new Uint8Array([1]));
    assert.equal((await two.get("current"))?.etag, etag);
    const outcomes = await Promise.allSettled([
      one.put("current", new Uint8Array([2]), { ifMatch: etag }),
      two.put("current", new Uint8Array([3]), { ifMatch: etag }),
    ]);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  });
});

Deno.test("what a crashed writer staged is never read, and is removed when it is old", async () => {
  await inDirectory(async (root) => {
    await Deno.mkdir(`${root}/+staging`);
    await Deno.writeTextFile(`${root}/+staging/old`, "torn");
    await Deno.writeTextFile(`${root}/+staging/young`, "being written");
    await Deno.utime(`${root}/+staging/old`, 0, 0);
    const store = new FileStore(root);
    await store.open();
    assert.deepEqual(filesBelow(root), ["young"]);
    assert.deepEqual(await Array.fromAsync(store.list("")), []);
  });
});

Deno.test("a lock that a crashed writer left stops no writer, one of another machine not for long", async () => {
  await inDirectory(async (root) => {
    const store = new FileStore(root);
    const etag = await store.put("current", new Uint8Array([1]));
    const lock = `${root}/+staging/${encodeURIComponent(`${root}/current`).slice(-180)}.lock`;
    const dead = await new Deno.Command("true").spawn();
    await dead.status;
    await Deno.mkdir(`${root}/+staging`, { recursive: true });
    const holder = { pid: dead.pid, start: "1", host: Deno.hostname() };
    await Deno.writeTextFile(lock, JSON.stringify(holder));
    const second = await store.put("current", new Uint8Array([2]), { ifMatch: etag });

    await Deno.writeTextFile(lock, JSON.stringify({ ...holder, host: "elsewhere" }));
    await assert.rejects(
      store.put("current", new Uint8Array([3]), { ifMatch: second }),
      (error) => isBrecciaError(error, "storage-conflict"),
    );
    await Deno.utime(lock, 0, 0);
    await store.put("current", new Uint8Array([3]), { ifMatch: second });
    assert.deepEqual(filesBelow(root), ["current"]);
  });
});

Deno.test("a place where no directory can be made is refused, not taken for an empty store", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/file`, "");
    await assert.rejects(
      new FileStore(`${root}/file/store`).put("a", new Uint8Array(1)),
      (error) => isBrecciaError(error, "storage-failed"),
    );
  });
});

Deno.test("a file whose name is no key is not listed, and does not end the listing", async () => {
  await inDirectory(async (root) => {
    const store = new FileStore(root);
    await store.put("a", new Uint8Array(1));
    await Deno.writeTextFile(`${root}/my notes.txt`, "mine");
    assert.deepEqual((await Array.fromAsync(store.list(""))).map(({ key }) => key), ["a"]);
  });
});
