import { createSha256, equalBytes } from "../bytes/mod.ts";
import { checkCancelled } from "../errors.ts";
import type { IndexedFile, IndexEntry, ReleaseIndex } from "../index/mod.ts";
import type { TreeEntry, TreeReader } from "../ports/mod.ts";

/** How one path of a tree differs from its release. */
export interface TreeDamage {
  /** The path that differs. */
  readonly path: string;
  /** `mode`: the content is right, the permission bits are not. */
  readonly kind: "missing" | "changed" | "mode" | "extra";
}

const READ_BYTES = 1024 * 1024;

/**
 * Compares an installed tree with the index of its release, path by path in the index's order, then what
 * is there beside. Every file is read and hashed; memory stays at one buffer.
 */
export async function* findDamage(
  index: ReleaseIndex,
  tree: TreeReader,
  options?: { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<TreeDamage, void, undefined> {
  const found = new Map<string, TreeEntry>();
  for await (const entry of tree.entries()) found.set(entry.path, entry);
  const buffer = new Uint8Array(READ_BYTES);
  for (const entry of index.entries) {
    checkCancelled(options?.signal, "The check of the installed files");
    const actual = found.get(entry.path);
    found.delete(entry.path);
    const kind = actual === undefined ? "missing" : await damageOf(entry, actual, tree, buffer);
    if (kind !== undefined) yield { path: entry.path, kind };
  }
  for (const path of found.keys()) yield { path, kind: "extra" };
}

async function damageOf(
  expected: IndexEntry,
  actual: TreeEntry,
  tree: TreeReader,
  buffer: Uint8Array,
): Promise<"changed" | "mode" | undefined> {
  if (expected.kind === "link") {
    return actual.kind === "link" && actual.target === expected.target ? undefined : "changed";
  }
  if (actual.kind === "link" || actual.kind !== expected.kind) return "changed";
  if (expected.kind === "file") {
    const size = (actual as { size: number }).size;
    if (size !== expected.size || !await isContent(expected, tree, buffer)) return "changed";
  }
  return actual.mode === expected.mode ? undefined : "mode";
}

async function isContent(
  file: IndexedFile,
  tree: TreeReader,
  buffer: Uint8Array,
): Promise<boolean> {
  const hash = createSha256();
  for (let offset = 0; offset < file.size;) {
    const want = buffer.subarray(0, Math.min(buffer.length, file.size - offset));
    const count = await tree.read(file.path, offset, want);
    if (count === 0) return false;
    hash.update(want.subarray(0, count));
    offset += count;
  }
  return equalBytes(hash.digest(), file.sha256);
}
