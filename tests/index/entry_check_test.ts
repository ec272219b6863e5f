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
      () => checkEntries([file(path)]),
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
      () => checkEntries([file(a), file(b)]),
      (error) =>
        isBrecciaError(error, "path-collision") && error.message.includes(JSON.stringify(a)),
    );
  }
  checkEntries([file("a"), file("b"), file("ä")]);
});

Deno.test("an entry below a file, a link or nothing is refused", () => {
  for (const parent of [[], [file("a")], [link("a", "b")]]) {
    assert.throws(
      () => checkEntries([...parent, file("a/x")]),
      (error) => isBrecciaError(error, "path-unsafe"),
    );
  }
  checkEntries([directory("a"), file("a/x")]);
});

Deno.test("links that leave the tree are refused, however they are spelt", () => {
  const inside = [directory("a"), directory("a/b")];
  for (
    const target of ["/etc", "../../..", "../../../x", "x/../..", "b/../../x", "", "a\\b", "a\0"]
  ) {
    assert.throws(
      () => checkEntries([...inside, link("a/b/l", target)]),
      (error) => isBrecciaError(error, "link-unsafe"),
      target,
    );
  }
  for (const target of ["x", "../x", "../../x", ".", "./x", "../b"]) {
    checkEntries([...inside, link("a/b/l", target)]);
  }
});

Deno.test("no chain of accepted links leads outside", () => {
  const name = fc.constantFrom("a", "b", "c");
  const target = fc.array(fc.constantFrom("..", "a", "b", "c", "l0", "l1", "l2"), { maxLength: 5 })
    .map((segments) => segments.join("/"));
  const folder = fc.array(name, { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(folder, target), { maxLength: 3 }), (links) => {
      const entries = new Map<string, TreeEntry>();
      for (const [i, [segments, to]] of links.entries()) {
        segments.forEach((_, depth) => {
          const path = segments.slice(0, depth + 1).join("/");
          entries.set(path, directory(path));
        });
        entries.set([...segments, `l${i}`].join("/"), link([...segments, `l${i}`].join("/"), to));
      }
      try {
        checkEntries(entries.values());
      } catch (error) {
        assert.ok(isBrecciaError(error));
        return;
      }
      for (const path of entries.keys()) assert.ok(!escapes(path, entries), path);
    }),
    { numRuns: 2000 },
  );
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
