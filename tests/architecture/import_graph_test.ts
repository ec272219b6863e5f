import assert from "node:assert/strict";
import { importGraph, roomOf } from "./house.ts";
import { sourceFiles } from "./source_files.ts";

/** Rooms of one floor that may lean on each other, in this direction only. */
const DOORS: ReadonlyMap<string, readonly string[]> = new Map([
  ["workers/", []],
  ["mod.ts", []],
  ["src/cli/", ["workers/"]],
  ["bin/", ["src/cli/"]],
  ["src/bytes/", ["src/errors.ts", "src/limits.ts"]],
  ["src/chunk/", []],
]);

/** Stores come in through ports: only the composition roots may import `cache/`. */
const STORE_USERS = ["workers/", "src/cli/", "bin/"];

/** Says why `from` must not import `to`, or returns `undefined` when it may. */
function objection(from: string, to: string): string | undefined {
  const importer = roomOf(from);
  const imported = roomOf(to);
  if (importer === undefined || imported === undefined) {
    return `${from} imports ${to}, and one of them stands in no room of the house`;
  }
  if (importer.room === imported.room) return undefined;
  if (imported.room === "cache/" && !STORE_USERS.includes(importer.room)) {
    return `${from} imports the store ${to}: stores come in through ports`;
  }
  if (importer.floor < imported.floor) return undefined;
  if (DOORS.get(importer.room)?.includes(imported.room)) return undefined;
  return `${from} imports ${to}, which is not below it`;
}

Deno.test("imports point down only: no file of src, workers, cache or bin imports upward", () => {
  const objections: string[] = [];
  let edges = 0;
  for (const [path, imports] of importGraph()) {
    for (const to of imports) {
      edges++;
      const why = objection(path, to);
      if (why !== undefined) objections.push(why);
    }
  }
  assert.ok(edges > 10, "the graph was read");
  assert.deepEqual(objections, []);
});

/** The files of the first import circle that a depth-first walk of `graph` meets, or `undefined`. */
function importCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (finished.has(file)) return undefined;
    const seenAt = path.indexOf(file);
    if (seenAt >= 0) return [...path.slice(seenAt), file];
    path.push(file);
    for (const imported of graph.get(file) ?? []) {
      const circle = visit(imported);
      if (circle !== undefined) return circle;
    }
    path.pop();
    finished.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

Deno.test("no file imports itself by way of others, types included", () => {
  assert.equal(importCircle(importGraph())?.join(" → "), undefined);
});

Deno.test("importCircle() names the files of a circle, and finds none in a diamond", () => {
  const circle = new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]);
  assert.deepEqual(importCircle(circle), ["b", "c", "b"]);
  const diamond = new Map([["a", ["b", "c"]], ["b", ["d"]], ["c", ["d"]], ["d", []]]);
  assert.equal(importCircle(diamond), undefined);
});

Deno.test("an upward, a sideways and a store import are each objected to", () => {
  assert.match(objection("src/chunk/a.ts", "src/tuf/b.ts") ?? "", /not below/);
  assert.match(objection("src/client/a.ts", "src/mirror/b.ts") ?? "", /not below/);
  assert.match(objection("src/mirror/a.ts", "cache/stores/fs.ts") ?? "", /through ports/);
  assert.equal(objection("src/client/a.ts", "src/tuf/b.ts"), undefined);
});

Deno.test("the portable core names no runtime: no Deno, node: or Buffer in src below the commands", () => {
  const objections: string[] = [];
  for (const { path, source } of sourceFiles()) {
    if (!path.startsWith("src/") || path.startsWith("src/cli/")) continue;
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    for (const [, word] of code.matchAll(/(\bDeno\.|["']node:|\bBuffer\b|\bconsole\.)/g)) {
      objections.push(`${path} uses ${word}`);
    }
  }
  assert.deepEqual(objections, []);
});
