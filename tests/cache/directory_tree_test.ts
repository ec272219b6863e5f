import assert from "node:assert/strict";
import { DirectoryTreeReader, DirectoryTreeWriter } from "../../cache/device/directory_tree.ts";
import { isBrecciaError } from "../../src/errors.ts";
import type { TreeEntry } from "../../src/ports/mod.ts";

async function inScratch(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const TREE: readonly TreeEntry[] = [
  { kind: "directory", path: "bin", mode: 0o555 },
  { kind: "file", path: "bin/run", mode: 0o755, size: 5 },
  { kind: "link", path: "current", target: "bin/run" },
  { kind: "file", path: "ünï.txt", mode: 0o640, size: 0 },
];

async function writeTree(root: string): Promise<void> {
  const writer = new DirectoryTreeWriter(root);
  for (const entry of TREE) {
    if (entry.kind === "directory") await writer.directory(entry);
    else if (entry.kind === "link") await writer.link(entry);
    else {
      await writer.file(entry);
      if (entry.size > 0) await writer.write(new TextEncoder().encode("hello"));
    }
  }
  await writer.finish();
}

Deno.test("what is written as a tree is read back entry by entry, read-only directories included", async () => {
  await inScratch(async (folder) => {
    await writeTree(`${folder}/tree`);
    const reader = new DirectoryTreeReader(`${folder}/tree`);
    assert.deepEqual(await Array.fromAsync(reader.entries()), TREE);
    const bytes = new Uint8Array(3);
    assert.equal(await reader.read("bin/run", 1, bytes), 3);
    assert.equal(new TextDecoder().decode(bytes), "ell");
    assert.equal(await reader.read("bin/run", 4, bytes), 1);
    assert.equal(await reader.read("bin/missing", 0, bytes), 0);
    await reader.close();
    await Deno.chmod(`${folder}/tree/bin`, 0o755);
  });
});

Deno.test("a reader never follows a link, and a link in place of a file reads as nothing", async () => {
  await inScratch(async (folder) => {
    await Deno.writeTextFile(`${folder}/secret`, "secret");
    await Deno.mkdir(`${folder}/tree`);
    await Deno.symlink("../secret", `${folder}/tree/link`);
    const reader = new DirectoryTreeReader(`${folder}/tree`);
    assert.equal(await reader.read("link", 0, new Uint8Array(6)), 0);
    await reader.close();
  });
});

Deno.test("a writer refuses paths that leave its root, and writes nothing there", async () => {
  await inScratch(async (folder) => {
    for (const path of ["../out", "/out", "a/../../out", "a\0b", ""]) {
      const writer = new DirectoryTreeWriter(`${folder}/tree`);
      await assert.rejects(
        writer.file({ kind: "file", path, mode: 0o644, size: 0 }),
        (error) => isBrecciaError(error, "path-unsafe"),
      );
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("a writer never writes through a link or into an existing tree", async () => {
  await inScratch(async (folder) => {
    await Deno.mkdir(`${folder}/there`);
    const taken = new DirectoryTreeWriter(`${folder}/there`);
    await assert.rejects(
      taken.directory({ kind: "directory", path: "a", mode: 0o755 }),
      (error) => isBrecciaError(error, "storage-failed"),
    );
    const writer = new DirectoryTreeWriter(`${folder}/tree`);
    await writer.link({ kind: "link", path: "out", target: "there" });
    await assert.rejects(
      writer.file({ kind: "file", path: "out", mode: 0o644, size: 0 }),
      (error) => isBrecciaError(error, "storage-failed"),
    );
    assert.deepEqual([...Deno.readDirSync(`${folder}/there`)], []);
  });
});

Deno.test("discard removes what was written and nothing else", async () => {
  await inScratch(async (folder) => {
    await Deno.writeTextFile(`${folder}/beside`, "kept");
    const writer = new DirectoryTreeWriter(`${folder}/tree`);
    await writer.file({ kind: "file", path: "half", mode: 0o644, size: 10 });
    await writer.write(new Uint8Array(5));
    await writer.discard();
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["beside"]);
  });
});

Deno.test("a pipe in a build is refused by name", async () => {
  await inScratch(async (folder) => {
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    await assert.rejects(
      Array.fromAsync(new DirectoryTreeReader(folder).entries()),
      (error) => isBrecciaError(error, "tree-unsupported"),
    );
  });
});

Deno.test("a machine refuses names that it would take for others, whatever release they come from", async () => {
  await inScratch(async (folder) => {
    const windows = new DirectoryTreeWriter(`${folder}/windows`, undefined, "windows");
    for (const path of ["..\\x", "a\\b", "C:x", "NUL", "a:b", "a."]) {
      await assert.rejects(
        windows.file({ kind: "file", path, mode: 0o644, size: 0 }),
        (error) => isBrecciaError(error, "path-unsafe"),
      );
      await assert.rejects(
        windows.link({ kind: "link", path: "l", target: path }),
        (error) => isBrecciaError(error, "path-unsafe"),
      );
    }
    await assert.rejects(Deno.stat(`${folder}/windows`), Deno.errors.NotFound);
    const posix = new DirectoryTreeWriter(`${folder}/posix`, undefined, "posix");
    for (const path of ["..\\x", "C:x", "NUL", "A", "a"]) {
      await posix.file({ kind: "file", path, mode: 0o644, size: 0 });
    }
    await assert.rejects(
      posix.file({ kind: "file", path: "../x", mode: 0o644, size: 0 }),
      (error) => isBrecciaError(error, "path-unsafe"),
    );
    await posix.finish();
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["posix"]);
    assert.equal([...Deno.readDirSync(`${folder}/posix`)].length, 5);
  });
});
