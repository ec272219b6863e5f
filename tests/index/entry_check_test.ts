import assert from "node:assert/strict";
import fc from "fast-check";
import { isBrecciaError } from "../../src/errors.ts";
import { checkEntries } from "../../src/index/mod.ts";
import type { TreeEntry } from "../../src/ports/mod.ts";

const directory = (path: string): TreeEntry => ({ kind: "directory", path, mode: 0o755 });
const file = (path: string): TreeEntry => ({ kind: "file", path, mode: 0o644, size: 0 });
const link = (path: string, target: string): TreeEntry => ({ kind: "link", path, target });

Deno.test("paths that could leave the tree or mean two things are refused", () => {
  for (
    const path of [
      "",
      "/etc/passwd",
      "..",
      "a/../b",
      "./a",
      "a//b",
      "a/",
      "a\\b",
      "C:\\x",
      "a\0b",
      "a\nb",
      "a\u007f",
      "\ud800",
      "x".repeat(256),
      `${"d/".repeat(2500)}x`,
    ]
  ) {
    assert.throws(
      () => checkEntries([file(path)], "any"),
      (error) => isBrecciaError(error, "path-unsafe"),
      path,
    );
  }
});

Deno.test("paths that some file systems take for one are refused together", () => {
  for (
    const [a, b] of [
      ["README", "readme"],
      ["caf\u00e9", "cafe\u0301"],
      ["STRASSE", "straße"],
      ["a", "a"],
      ["ΟΔΟΣ", "οδος"],
    ] as const
  ) {
    assert.throws(
      () => checkEntries([file(a), file(b)], "any"),
      (error) =>
        isBrecciaError(error, "path-collision") && error.message.includes(JSON.stringify(a)),
    );
  }
  checkEntries([file("a"), file("b"), file("ä")], "any");
});

Deno.test("an entry below a file, a link or nothing is refused", () => {
  for (const parent of [[], [file("a")], [link("a", "b")]]) {
    assert.throws(
      () => checkEntries([...parent, file("a/x")], "any"),
      (error) => isBrecciaError(error, "path-unsafe"),
    );
  }
  checkEntries([directory("a"), file("a/x")], "any");
});

Deno.test("links that leave the tree are refused, however they are spelt", () => {
  const inside = [directory("a"), directory("a/b")];
  for (
    const target of ["/etc", "../../..", "../../../x", "x/../..", "b/../../x", "", "a\\b", "a\0"]
  ) {
    assert.throws(
      () => checkEntries([...inside, link("a/b/l", target)], "any"),
      (error) => isBrecciaError(error, "link-unsafe"),
      target,
    );
  }
  for (const target of ["x", "../x", "../../x", ".", "./x", "../b"]) {
    checkEntries([...inside, link("a/b/l", target)], "any");
  }
});

Deno.test("no chain of accepted links leads outside", () => {
  const name = fc.constantFrom("a", "b", "c");
  const target = fc.array(fc.constantFrom("..", "a", "b", "c", "l0", "l1", "l2"), { maxLength: 6 })
    .map((segments) => segments.join("/"));
  const folder = fc.array(name, { maxLength: 3 });
  const links = fc.array(fc.tuple(folder, target), { maxLength: 3 });
  fc.assert(
    fc.property(links, fc.constantFrom("any", "linux-x64"), (links, platform) => {
      const entries = new Map<string, TreeEntry>();
      for (const [i, [segments, to]] of links.entries()) {
        segments.forEach((_, depth) => {
          const path = segments.slice(0, depth + 1).join("/");
          entries.set(path, directory(path));
        });
        entries.set([...segments, `l${i}`].join("/"), link([...segments, `l${i}`].join("/"), to));
      }
      try {
        checkEntries([...entries.values()], platform);
      } catch (error) {
        assert.ok(isBrecciaError(error));
        return;
      }
      for (const path of entries.keys()) assert.ok(!escapes(path, entries), path);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("a link may climb out of directories of the release, and out of nothing else", () => {
  const tree = [
    directory("usr"),
    directory("usr/lib"),
    file("usr/lib/libx.so.1"),
    directory("usr/lib64"),
    link("lib", "usr/lib"),
  ];
  for (const platform of ["any", "linux-x64"]) {
    for (
      const target of ["../lib64/../lib/libx.so.1", "../../usr/lib64/../lib", "../../lib/libx.so.1"]
    ) {
      checkEntries([...tree, link("usr/lib64/l", target)], platform);
    }
    for (
      const target of [
        "../../lib/..", // out of a link: from usr, not from the root
        "../../lib/../../..",
        "../LIB/../x", // of another case: what that is depends on the file system
        "missing/../x",
        "../lib/libx.so.1/../x",
        "../lib64/../../../x",
      ]
    ) {
      assert.throws(
        () => checkEntries([...tree, link("usr/lib64/l", target)], platform),
        (error) => isBrecciaError(error, "link-unsafe"),
        target,
      );
    }
  }
});

Deno.test("a directory that a link climbs out of may come after the link", () => {
  checkEntries([link("a", "b/../c"), directory("b"), file("c")], "any");
  assert.throws(
    () => checkEntries([link("a", "b/../c"), link("b", "x/y"), file("c")], "any"),
    (error) => isBrecciaError(error, "link-unsafe"),
  );
});

Deno.test("a release for Linux alone may hold backslashes and names that differ by case or Unicode form", () => {
  const names = ["xt_MARK.h", "xt_mark.h", "caf\u00e9", "cafe\u0301", "system-a\\x2db.slice"];
  checkEntries([...names.map(file), link("l", "system-a\\x2db.slice")], "linux-x64");
  for (const platform of ["any", "windows-x64", "darwin-arm64"]) {
    assert.throws(
      () => checkEntries([file("a\\b")], platform),
      (error) =>
        isBrecciaError(error, "path-unsafe") && error.message.includes("--platform linux-x64"),
    );
    assert.throws(
      () => checkEntries([file("A"), file("a")], platform),
      (error) =>
        isBrecciaError(error, "path-collision") && error.message.includes("--platform linux-x64"),
    );
  }
  for (const path of ["a\0b", "a\nb", "..", "a/../b", "/a", "a/"]) {
    assert.throws(
      () => checkEntries([file(path)], "linux-x64"),
      (error) => isBrecciaError(error, "path-unsafe"),
    );
  }
});

/** Resolves a path as a kernel does, and says whether it ever climbs over the root. */
function escapes(path: string, entries: ReadonlyMap<string, TreeEntry>): boolean {
  const pending = path.split("/");
  const at: string[] = [];
  for (let steps = 0; pending.length > 0 && steps < 100; steps++) {
    const segment = pending.shift() as string;
    if (segment === "" || segment === ".") continue;
    if (segment === "..") {
      if (at.length === 0) return true;
      at.pop();
      continue;
    }
    const entry = entries.get([...at, segment].join("/"));
    if (entry?.kind === "link") pending.unshift(...entry.target.split("/"));
    else at.push(segment);
  }
  return false;
}
