import assert from "node:assert/strict";
import { encodeHex } from "../../src/bytes/mod.ts";
import { type ErrorCode, isBrecciaError } from "../../src/errors.ts";
import { archiveTarget, indexTarget } from "../../src/index/mod.ts";
import type { TreeReader } from "../../src/ports/mod.ts";
import { addRelease, publishRepository } from "../../src/publish/mod.ts";
import { MemoryTree, noise } from "./memory_tree.ts";
import { clock, contentsOf, newRepository, refreshFrom } from "./repository_fixture.ts";

const TREE = new MemoryTree({ "bin/app": noise(700_000, 7), "readme.md": "hello\n" }, {
  "bin/run": "app",
});

Deno.test("a release is staged by add, and visible to clients after publish, not before", async () => {
  const { store, keys } = await newRepository();
  const added = await addRelease(store, { version: "1.0.0", tree: TREE });
  assert.equal((await refreshFrom(store)).targets.targets.size, 0);
  await publishRepository(store, { keys, clock });
  const { targets } = (await refreshFrom(store)).targets;
  const archive = targets.get(archiveTarget("hello", "1.0.0", "any"));
  assert.equal(archive?.length, added.index.streamBytes);
  assert.equal(archive?.hashes.get("sha256"), encodeHex(added.index.streamSha256));
  assert.equal(targets.get(indexTarget("hello", "1.0.0", "any"))?.length, added.indexBytes);
});

Deno.test("a release stores only chunks that no earlier release of the app has stored", async () => {
  const { store, keys } = await newRepository();
  await addRelease(store, { version: "1.0.0", tree: TREE });
  await publishRepository(store, { keys, clock });
  const content = noise(700_000, 7);
  content.set([1, 2, 3], 350_000);
  const next = new MemoryTree({ "bin/app": content, "readme.md": "hello\n" }, { "bin/run": "app" });
  const added = await addRelease(store, { version: "1.0.1", tree: next });
  assert.ok(added.packBytes < 300_000, `${added.packBytes} bytes for three changed ones`);
  assert.ok(added.reusedBytes > 400_000);
  const same = await addRelease(store, { version: "1.0.2", tree: next });
  assert.equal(same.packBytes, 0);
});

Deno.test("the chunks of a file that occurs twice in a release are stored once", async () => {
  const { store } = await newRepository();
  const twice = new MemoryTree({ a: noise(2_000_000, 3), b: noise(2_000_000, 3) });
  const added = await addRelease(store, { version: "1.0.0", tree: twice });
  assert.ok(added.packBytes < 2_600_000, `${added.packBytes}`);
});

Deno.test("the same builds, keys and times make the same repository, byte for byte", async () => {
  const made = async () => {
    const { store, keys } = await newRepository();
    await addRelease(store, { version: "1.0.0", tree: TREE, notes: noise(10, 1) });
    await publishRepository(store, { keys, clock });
    await addRelease(store, { version: "1.1.0", tree: new MemoryTree({ "x/y": "z" }) });
    await publishRepository(store, { keys, clock });
    return await contentsOf(store);
  };
  assert.deepEqual(await made(), await made());
});

const REFUSED: readonly (readonly [string, ErrorCode, string, TreeReader])[] = [
  ["a version that is there", "version-duplicate", "1.5.0", TREE],
  ["a version that orders the same", "version-duplicate", "1.5.0+other", TREE],
  ["a lower version", "version-lower", "1.4.9", TREE],
  ["a malformed version", "version-malformed", "2.0", TREE],
  ["an empty tree", "tree-unsupported", "2.0.0", new MemoryTree({})],
  ["a path with ..", "path-unsafe", "2.0.0", new MemoryTree({ "../x": "" })],
  ["a path with a backslash", "path-unsafe", "2.0.0", new MemoryTree({ "a\\b": "" })],
  ["colliding paths", "path-collision", "2.0.0", new MemoryTree({ a: "", A: "" })],
  ["a link that leaves the tree", "link-unsafe", "2.0.0", new MemoryTree({ a: "" }, { l: "../b" })],
];

for (const [what, code, version, tree] of REFUSED) {
  Deno.test(`add refuses ${what} with ${code} and writes nothing`, async () => {
    const { store } = await newRepository();
    await addRelease(store, { version: "1.5.0", tree: new MemoryTree({ a: "1" }) });
    const before = await contentsOf(store);
    await assert.rejects(
      addRelease(store, { version, tree }),
      (error) => isBrecciaError(error, code),
    );
    assert.deepEqual(await contentsOf(store), before);
  });
}

Deno.test("a file that grows or shrinks while it is read stages nothing", async () => {
  for (const size of [4, 6]) {
    const { store, keys } = await newRepository();
    const moving = new MemoryTree({ a: "12345" });
    moving.entries = async function* () {
      yield { kind: "file", path: "a", mode: 0o644, size };
      await Promise.resolve();
    };
    await assert.rejects(
      addRelease(store, { version: "1.0.0", tree: moving }),
      (error) => isBrecciaError(error, "tree-changed"),
    );
    assert.deepEqual((await publishRepository(store, { keys, clock })).signed, []);
  }
});

Deno.test("a lower version may go to another channel or platform", async () => {
  const { store } = await newRepository();
  await addRelease(store, { version: "2.0.0", tree: TREE });
  await addRelease(store, { version: "1.9.0", tree: TREE, channel: "legacy" });
  await addRelease(store, { version: "1.8.0", tree: TREE, platform: "linux-arm64" });
});

Deno.test("two adds at once both count", async () => {
  const { store, keys } = await newRepository();
  await Promise.all(
    ["1.0.0", "1.1.0", "1.2.0"].map((version) =>
      addRelease(store, { version, tree: new MemoryTree({ version }), platform: `p${version}` })
    ),
  );
  await publishRepository(store, { keys, clock });
  assert.equal((await refreshFrom(store)).targets.targets.size, 6);
});
