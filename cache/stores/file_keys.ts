import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { STAGING_FOLDER } from "./atomic_files.ts";
import { keyPartOf, shardDigits } from "./file_layout.ts";
import { storageError } from "./storage_error.ts";

/** A file or folder, by what it adds to the keys of its folder. */
interface Entry {
  /** Its name; for a folder {@linkcode keyPartOf} it. */
  readonly part: string;
  /** Path of the folder below the root; `undefined` for a file. */
  readonly folder?: string;
}

/**
 * The keys that begin with `prefix` of the files below `root`, in key order, in runs. In either layout; a key
 * that has a file in both comes once. Holds the names of one shard, and of what lies beside it, at a time.
 *
 * @throws {BrecciaError} the storage family.
 */
export async function* keysBelow(
  root: string,
  prefix: string,
  { folder = "", before = "" }: { readonly folder?: string; readonly before?: string } = {},
): AsyncGenerator<readonly string[]> {
  for await (const entries of entriesIn(root, folder, before, prefix)) {
    let run: string[] = [];
    for (const { part, folder: below } of entries) {
      const key = before + part;
      if (below === undefined) {
        if (key.startsWith(prefix)) run.push(key);
        continue;
      }
      if (!mayBegin(key, prefix)) continue;
      yield run;
      run = [];
      yield* keysBelow(root, prefix, { folder: below, before: key });
    }
    yield run;
  }
}

/** What lies in a folder and its shards, in key order, a shard at a time. */
async function* entriesIn(
  root: string,
  folder: string,
  before: string,
  prefix: string,
): AsyncGenerator<readonly Entry[]> {
  const { entries, shards } = await readFolder(root, folder);
  let next = 0;
  const beside = (isNext: (part: string) => boolean): Entry[] => {
    const from = next;
    while (next < entries.length && isNext((entries[next] as Entry).part)) next++;
    return entries.slice(from, next);
  };
  for (const digits of shards) {
    if (!mayBegin(before + digits, prefix)) continue;
    yield beside((part) => part < digits);
    const { entries: inShard } = await readFolder(root, join(folder, `+${digits}`));
    yield withoutTwins([...inShard, ...beside((part) => part.startsWith(digits))].sort(byPart));
  }
  yield entries.slice(next);
}

/** A file may lie in its shard and beside it. */
function withoutTwins(sorted: readonly Entry[]): readonly Entry[] {
  return sorted.filter(({ part, folder }, i) =>
    folder !== undefined || part !== sorted[i - 1]?.part
  );
}

/** What lies in one folder, in key order; nothing when it is not there. */
async function readFolder(
  root: string,
  folder: string,
): Promise<{ readonly entries: readonly Entry[]; readonly shards: readonly string[] }> {
  const path = join(root, folder);
  const found = await readdir(path, { withFileTypes: true }).catch((cause) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return [];
    throw storageError(cause, "list", path);
  });
  const entries: Entry[] = [];
  const shards: string[] = [];
  for (const entry of found) {
    const { name } = entry;
    if (!entry.isDirectory()) entries.push({ part: name });
    else if (folder === "" && name === STAGING_FOLDER) continue;
    else {
      const digits = shardDigits(name);
      if (digits !== undefined) shards.push(digits);
      else entries.push({ part: keyPartOf(name), folder: join(folder, name) });
    }
  }
  return { entries: entries.sort(byPart), shards: shards.sort() };
}

/** Whether keys that begin with `part` may begin with `prefix`, too. */
function mayBegin(part: string, prefix: string): boolean {
  return part.startsWith(prefix) || prefix.startsWith(part);
}

/** A file before the folder in which longer keys go on. */
function byPart(a: Entry, b: Entry): number {
  if (a.part !== b.part) return a.part < b.part ? -1 : 1;
  return Number(a.folder !== undefined) - Number(b.folder !== undefined);
}
