import { compareBytes } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { checkEntries, mayBeWindows, windowsObjection } from "../index/mod.ts";
import { INDEX_LIMITS } from "../limits.ts";
import type { TreeEntry, TreeReader } from "../ports/mod.ts";

/** Bits of a mode that a release records: no set-user-id, set-group-id or sticky bit. */
const RECORDED_MODE = 0o777;

/**
 * The entries of a build in the order of its release stream, after every check that a client will
 * make of them, and after those of what its platform may be: a name that Windows can't hold is refused in a
 * release for `any`, though clients elsewhere would take it.
 *
 * @throws {BrecciaError} `path-unsafe`, `path-collision`, `link-unsafe`; `tree-unsupported` when the
 * tree is empty, too large, or holds what is no file, directory or link.
 */
export async function scanTree(
  tree: TreeReader,
  platform: string,
): Promise<readonly TreeEntry[]> {
  const found: { entry: TreeEntry; key: Uint8Array }[] = [];
  const encoder = new TextEncoder();
  for await (const entry of tree.entries()) {
    found.push({ entry: recorded(entry), key: encoder.encode(entry.path) });
    if (found.length > INDEX_LIMITS.files) {
      throw unsupported(`it has more than ${INDEX_LIMITS.files} entries; split it into releases`);
    }
  }
  if (found.length === 0) throw unsupported("it is empty; check the path");
  found.sort((a, b) => compareBytes(a.key, b.key));
  const entries = found.map(({ entry }) => entry);
  checkEntries(entries, platform);
  if (mayBeWindows(platform)) entries.forEach((entry) => checkForWindows(entry, platform));
  return entries;
}

function recorded(entry: TreeEntry): TreeEntry {
  return entry.kind === "link" ? entry : { ...entry, mode: entry.mode & RECORDED_MODE };
}

function checkForWindows(entry: TreeEntry, platform: string): void {
  const inPath = windowsObjection(entry.path);
  const why = inPath ?? (entry.kind === "link" ? windowsObjection(entry.target) : undefined);
  if (why === undefined) return;
  const target = inPath === undefined ? "the target of " : "";
  throw new BrecciaError(
    "path-unsafe",
    `Cannot release ${target}${JSON.stringify(entry.path)} for the platform ${platform}: ${why}; ` +
      "rename it in the build, or say where it runs (--platform linux-x64)",
  );
}

function unsupported(why: string): BrecciaError {
  return new BrecciaError("tree-unsupported", `Cannot release the tree: ${why}`);
}
