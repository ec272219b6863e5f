import { equalBytes } from "../bytes/mod.ts";
import type { IndexEntry, ReleaseIndex } from "../index/mod.ts";

/** What an update does to the files of a release, as paths in their order. */
export interface TreeChanges {
  /** Paths that were not there. */
  readonly added: readonly string[];
  /** Paths whose content, mode or target differs. */
  readonly changed: readonly string[];
  /** Paths that are there no more. */
  readonly removed: readonly string[];
}

/** Files and links that differ between two releases; directories follow what they hold. */
export function treeChanges(from: ReleaseIndex | undefined, to: ReleaseIndex): TreeChanges {
  const before = new Map<string, IndexEntry>();
  for (const entry of from?.entries ?? []) {
    if (entry.kind !== "directory") before.set(entry.path, entry);
  }
  const added: string[] = [];
  const changed: string[] = [];
  for (const entry of to.entries) {
    if (entry.kind === "directory") continue;
    const old = before.get(entry.path);
    before.delete(entry.path);
    if (old === undefined) added.push(entry.path);
    else if (!isSame(old, entry)) changed.push(entry.path);
  }
  return { added, changed, removed: [...before.keys()] };
}

function isSame(a: IndexEntry, b: IndexEntry): boolean {
  if (a.kind === "file" && b.kind === "file") {
    return a.mode === b.mode && equalBytes(a.sha256, b.sha256);
  }
  return a.kind === "link" && b.kind === "link" && a.target === b.target;
}
