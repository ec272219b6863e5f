import { encodeHex } from "../bytes/mod.ts";
import type { ReleaseIndex } from "../index/mod.ts";

const PARTIAL = /\.part[01]$/;

/**
 * Name of a release's tree: its version for people, the hash of its stream for the rest, so that two
 * builds of one version never share a directory. `"1.4.0-3f9a0c2b71de"`
 */
export function treeName(index: ReleaseIndex): string {
  const version = index.version.replaceAll(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "_");
  return `${version}-${encodeHex(index.streamSha256).slice(0, 12)}`;
}

/**
 * Name of a tree while it is written. There are two, so that what an interrupted transfer left can be
 * read as a seed while the next one writes.
 */
export function partialName(tree: string, taken?: string): string {
  return taken === `${tree}.part0` ? `${tree}.part1` : `${tree}.part0`;
}

/** True when `name` is that of a tree being written. */
export function isPartial(name: string): boolean {
  return PARTIAL.test(name);
}

/** The name that a partial tree will have when it is whole. */
export function partialOf(name: string): string {
  return name.replace(PARTIAL, "");
}
