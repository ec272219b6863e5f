import assert from "node:assert/strict";
import fc from "fast-check";
import { tarHeaderBytes } from "../../src/index/tar_header.ts";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { StreamLayout, tarHeader, TreeStream } from "../../src/index/mod.ts";
import { sampleTree, streamOf } from "./sample_release.ts";

Deno.test("the release stream of a tree never changes: golden hash", async () => {
  assert.equal(encodeHex(await sha256(await streamOf(sampleTree()))), GOLDEN_STREAM);
});

Deno.test("GNU tar extracts the release stream to the very same tree", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/release.tar`, await streamOf(sampleTree()));
    await Deno.mkdir(`${folder}/out`);
    const tar = await new Deno.Command("tar", {
      args: ["--extract", "--file", "../release.tar", "--no-same-owner", "--same-permissions"],
      cwd: `${folder}/out`,
      env: { LC_ALL: "C.UTF-8" },
    }).output();
    assert.equal(tar.code, 0, new TextDecoder().decode(tar.stderr));
    for await (const entry of sampleTree().entries()) {
      const full = `${folder}/out/${entry.path}`;
      if (entry.kind === "link") {
        assert.equal(await Deno.readLink(full), entry.target);
      } else {
        const { mode } = await Deno.lstat(full);
        assert.equal(mode! & 0o7777, entry.mode, entry.path);
      }
      if (entry.kind === "file") {
        assert.deepEqual(await Deno.readFile(full), sampleTree().contents.get(entry.path));
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("any part of the stream reads as that part of the whole", async () => {
  const tree = sampleTree();
  const whole = await streamOf(tree);
  const stream = new TreeStream(new StreamLayout(await Array.fromAsync(tree.entries())), tree);
  assert.equal(stream.size, whole.length);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.nat(5000), async (offset, length) => {
      const part = new Uint8Array(Math.min(length, whole.length - offset));
      await stream.read(offset, part);
      assert.deepEqual(part, whole.subarray(offset, offset + part.length));
    }),
  );
});

Deno.test("a file that shrank since reads as zeros, and headers stay as signed", async () => {
  const tree = sampleTree();
  const layout = new StreamLayout(await Array.fromAsync(tree.entries()));
  (tree.contents as Map<string, Uint8Array>).delete("random");
  const bytes = new Uint8Array(layout.streamBytes);
  await new TreeStream(layout, tree).read(0, bytes);
  assert.equal(bytes.length, (await streamOf(sampleTree())).length);
  assert.notDeepEqual(bytes, await streamOf(sampleTree()));
});

Deno.test("a file of 8 GiB or more and a long link target get pax records that count themselves", () => {
  const big = tarHeader({ kind: "file", path: "big", mode: 0o644, size: 8 ** 11 });
  const text = new TextDecoder().decode(big);
  assert.equal(big.length, 3 * 512);
  assert.ok(text.includes("19 size=8589934592\n"));
  const link = tarHeader({ kind: "link", path: "l", target: "t".repeat(101) });
  assert.ok(new TextDecoder().decode(link).includes(`115 linkpath=${"t".repeat(101)}\n`));
});

const GOLDEN_STREAM = "8e9c2efa5d951e3d1c879c8731ff07990f198965f103e3a82aeeb55769b07442";

Deno.test("property: the length of a header is told without making it", () => {
  const name = fc.string({
    minLength: 1,
    maxLength: 300,
    unit: fc.constantFrom("a", "/", "ß", "z"),
  });
  const size = fc.constantFrom(0, 1, 8 ** 11 - 1, 8 ** 11, 2 ** 40);
  const entry = fc.oneof(
    fc.record({ kind: fc.constant("file" as const), path: name, mode: fc.constant(0o644), size }),
    fc.record({ kind: fc.constant("directory" as const), path: name, mode: fc.constant(0o755) }),
    fc.record({ kind: fc.constant("link" as const), path: name, target: name }),
  );
  fc.assert(
    fc.property(entry, (entry) => assert.equal(tarHeaderBytes(entry), tarHeader(entry).length)),
  );
});
