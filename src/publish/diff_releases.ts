import { encodeHex, equalBytes } from "../bytes/mod.ts";
import type { IndexEntry, ReleaseIndex } from "../index/mod.ts";

/** What moving from one release to another means, for files and for the network. */
export interface ReleaseDiff {
  /** Paths that only the second release has. */
  readonly added: readonly string[];
  /** Paths that only the first release has. */
  readonly removed: readonly string[];
  /** Paths whose content, mode or kind differs. */
  readonly changed: readonly string[];
  /** How many entries are the same in both. */
  readonly unchanged: number;
  /** What a device that has the first release fetches for the second, by chunks alone. */
  readonly fetch: {
    readonly chunks: number;
    /** As they are stored and travel, in bytes. */
    readonly storedBytes: number;
    /** As they are installed, in bytes. */
    readonly plainBytes: number;
  };
  /** What a device that has nothing fetches, in stored bytes. */
  readonly fullStoredBytes: number;
}

/** Compares two releases by their indexes. */
export function diffReleases(from: ReleaseIndex, to: ReleaseIndex): ReleaseDiff {
  const before = new Map(from.entries.map((entry) => [entry.path, entry]));
  const after = new Set(to.entries.map(({ path }) => path));
  const added: string[] = [];
  const changed: string[] = [];
  for (const entry of to.entries) {
    const old = before.get(entry.path);
    if (old === undefined) added.push(entry.path);
    else if (!sameEntry(old, entry)) changed.push(entry.path);
  }
  return {
    added,
    removed: from.entries.map(({ path }) => path).filter((path) => !after.has(path)),
    changed,
    unchanged: to.entries.length - added.length - changed.length,
    ...transferOf(from, to),
  };
}

function transferOf(
  from: ReleaseIndex,
  to: ReleaseIndex,
): Pick<ReleaseDiff, "fetch" | "fullStoredBytes"> {
  const had = new Set(Array.from(from.chunks, ({ hash }) => encodeHex(hash)));
  const seen = new Set<string>();
  const fetch = { chunks: 0, storedBytes: 0, plainBytes: 0 };
  let fullStoredBytes = 0;
  for (const chunk of to.chunks) {
    const name = encodeHex(chunk.hash);
    if (seen.has(name)) continue;
    seen.add(name);
    fullStoredBytes += chunk.storedLength;
    if (had.has(name)) continue;
    fetch.chunks++;
    fetch.storedBytes += chunk.storedLength;
    fetch.plainBytes += chunk.length;
  }
  return { fetch, fullStoredBytes };
}

function sameEntry(a: IndexEntry, b: IndexEntry): boolean {
  if (a.kind === "link" || b.kind === "link") {
    return a.kind === "link" && b.kind === "link" && a.target === b.target;
  }
  if (a.kind !== b.kind || a.mode !== b.mode) return false;
  return a.kind === "directory" || b.kind === "directory" ||
    equalBytes(a.sha256, b.sha256);
}
