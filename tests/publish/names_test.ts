import assert from "node:assert/strict";
import { isBrecciaError } from "../../src/errors.ts";
import { scanTree } from "../../src/publish/scan_tree.ts";
import { MemoryTree } from "./memory_tree.ts";

const NOT_ON_WINDOWS = [
  "CON",
  "con.txt",
  "src/aux.c",
  "nul .x",
  "COM1",
  "lpt9.log",
  "com²",
  "a:b",
  "C:",
  "trail.",
  "dir./x",
  "sp ",
  ...[...'<>"|?*'].map((character) => `q${character}`),
];

Deno.test("a release for any platform holds no name that Windows can't, and says the way out", async () => {
  for (const path of NOT_ON_WINDOWS) {
    for (const platform of ["any", "windows-x64", "web"]) {
      await assert.rejects(
        scanTree(new MemoryTree({ [path]: "" }), platform),
        (error) =>
          isBrecciaError(error, "path-unsafe") && error.message.includes("Windows") &&
          error.message.includes("--platform linux-x64"),
        path,
      );
    }
    for (const platform of ["linux-x64", "linux", "darwin-arm64"]) {
      const tree = await scanTree(new MemoryTree({ [path]: "" }), platform);
      assert.equal(tree.at(-1)?.path, path);
    }
  }
});

Deno.test("a release for any platform holds no link to what Windows takes for a drive or a stream", async () => {
  for (const target of ["C:/Windows", "C:x", "x:stream", "NUL"]) {
    await assert.rejects(
      scanTree(new MemoryTree({ x: "" }, { l: target }), "any"),
      (error) => isBrecciaError(error, "path-unsafe"),
      target,
    );
  }
});

Deno.test("names that only look like those of devices are released for any platform", async () => {
  const paths = ["con1", "console.txt", "aux2.c", "com10", ".con", "x.nul", "a.b", "..x", "a b"];
  const tree = new MemoryTree(Object.fromEntries(paths.map((path) => [path, ""])), { l: "../x" });
  await assert.rejects(scanTree(tree, "any"), (error) => isBrecciaError(error, "link-unsafe"));
  const good = new MemoryTree(Object.fromEntries(paths.map((path) => [path, ""])), { l: "./a.b" });
  assert.equal((await scanTree(good, "any")).length, paths.length + 1);
});
