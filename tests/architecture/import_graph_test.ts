import assert from "node:assert/strict";
import { fromFileUrl, relativePath, sourceFiles } from "./source_files.ts";

/**
 * The floors of the house, top first (docs/design.md). A room may import from lower floors and from
 * itself; rooms on one floor don't import each other. A file's room is the longest prefix of its path.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["mod.ts", "workers/", "src/cli/", "bin/"],
  ["cache/"],
  ["src/publish/", "src/mirror/", "src/client/", "src/install/"],
  ["src/tuf/", "src/transport/", "src/delta/", "src/archive/"],
  ["src/index/"],
  ["src/ports/"],
  ["src/chunk/", "src/codec/"],
  ["src/bytes/", "src/errors.ts", "src/limits.ts"],
];

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

function roomOf(path: string): { room: string; floor: number } | undefined {
  for (const [floor, rooms] of FLOORS.entries()) {
    const room = rooms.find((candidate) => path === candidate || path.startsWith(candidate));
    if (room !== undefined) return { room, floor };
  }
  return undefined;
}

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

function importsOf(source: string): string[] {
  const found: string[] = [];
  const pattern =
    /(?:^|[\s;])(?:import|export)\b[^"'`;]*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "");
  for (const match of code.matchAll(pattern)) found.push((match[1] ?? match[2]) as string);
  return found;
}

Deno.test("imports point down only: no file of src, workers, cache or bin imports upward", () => {
  const objections: string[] = [];
  let edges = 0;
  for (const { path, url, source } of sourceFiles()) {
    for (const specifier of importsOf(source)) {
      if (!specifier.startsWith(".") || specifier.endsWith(".json")) continue;
      edges++;
      const to = relativePath(fromFileUrl(new URL(specifier, url)));
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
  const graph = new Map<string, string[]>();
  for (const { path, url, source } of sourceFiles()) {
    const relative = importsOf(source).filter((specifier) => specifier.startsWith("."));
    graph.set(
      path,
      relative.map((specifier) => relativePath(fromFileUrl(new URL(specifier, url)))),
    );
  }
  assert.equal(importCircle(graph)?.join(" → "), undefined);
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
  assert.match(objection("src/mirror/a.ts", "cache/fs.ts") ?? "", /through ports/);
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
