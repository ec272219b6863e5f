import { join } from "node:path";

/**
 * Where the file of a key lies. `flat`: the key is its path, so that any other server can hand the directory
 * out. `sharded`: objects that are named by a digest lie in one of 256 folders by its first two digits,
 * `packs/+ab/ab12…`, so that no folder outgrows what is listed, and kept in memory, at a time.
 */
export type FileLayout = "flat" | "sharded";

/** File systems end names at 255 bytes; a longer segment continues in a folder marked by `+`. */
const SEGMENT_BYTES = 200;
const JOINT = "+";

/** The folder of a shard. No key has a `+`, so none is taken for one. */
const SHARD = /^\+([0-9a-f]{2})$/;

const SHARD_DIGITS = 2;

/** A digest in hex at the beginning of a name: SHA-256 or longer. */
const DIGEST_NAME = /^[0-9a-f]{64}/;

/** One path, or two. */
export type KeyPaths = readonly [first: string, second?: string];

/** Where a key's file may lie below `root`: first where `layout` writes it, then where the other does. */
export function pathsOf(root: string, key: string, layout: FileLayout): KeyPaths {
  const segments = key.split("/");
  const name = segments.pop() as string;
  const folder = join(root, ...segments.map(pathOfSegment));
  const flat = join(folder, pathOfSegment(name));
  if (!isShardedName(name)) return [flat];
  const sharded = join(folder, shardOf(name), pathOfSegment(name));
  return layout === "flat" ? [flat, sharded] : [sharded, flat];
}

/** Whether a file of this name belongs into a shard where the layout is `sharded`. */
export function isShardedName(name: string): boolean {
  return DIGEST_NAME.test(name);
}

/** The folder into which {@linkcode isShardedName} files go. */
export function shardOf(name: string): string {
  return `+${name.slice(0, SHARD_DIGITS)}`;
}

/** The digits with which all names in the folder `name` begin, or `undefined` when it is no shard. */
export function shardDigits(name: string): string | undefined {
  return SHARD.exec(name)?.[1];
}

/** What a folder of this name adds to the keys of the files below it; a shard adds nothing. */
export function keyPartOf(folder: string): string {
  return folder.endsWith(JOINT) ? folder.slice(0, -JOINT.length) : `${folder}/`;
}

function pathOfSegment(segment: string): string {
  return (segment.match(new RegExp(`.{1,${SEGMENT_BYTES}}`, "g")) as string[]).join(`${JOINT}/`);
}
