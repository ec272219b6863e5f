import { fromFileUrl, relativePath, sourceFiles } from "./source_files.ts";

/**
 * The floors of the house, top first (docs/design.md). A room may import from lower floors and from
 * itself; rooms on one floor don't import each other. A file's room is the longest prefix of its path.
 */
export const FLOORS: readonly (readonly string[])[] = [
  ["mod.ts", "workers/", "src/cli/", "bin/"],
  ["cache/"],
  ["src/publish/", "src/mirror/", "src/client/", "src/install/"],
  ["src/tuf/", "src/transport/", "src/delta/", "src/archive/"],
  ["src/index/"],
  ["src/ports/"],
  ["src/chunk/", "src/codec/"],
  ["src/bytes/", "src/errors.ts", "src/limits.ts"],
];

/** The room and floor of a file; `undefined` when it stands in none. */
export function roomOf(path: string): { room: string; floor: number } | undefined {
  for (const [floor, rooms] of FLOORS.entries()) {
    const room = rooms.find((candidate) => path === candidate || path.startsWith(candidate));
    if (room !== undefined) return { room, floor };
  }
  return undefined;
}

/** What a file imports: specifiers as they are written, types included. */
export function importsOf(source: string): string[] {
  const found: string[] = [];
  const pattern =
    /(?:^|[\s;])(?:import|export)\b[^"'`;]*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "");
  for (const match of code.matchAll(pattern)) found.push((match[1] ?? match[2]) as string);
  return found;
}

/** Every source file of the product, and the files that it imports. */
export function importGraph(): Map<string, readonly string[]> {
  const graph = new Map<string, readonly string[]>();
  for (const { path, url, source } of sourceFiles()) {
    const relative = importsOf(source).filter((specifier) =>
      specifier.startsWith(".") && !specifier.endsWith(".json")
    );
    graph.set(
      path,
      relative.map((specifier) => relativePath(fromFileUrl(new URL(specifier, url)))),
    );
  }
  return graph;
}
