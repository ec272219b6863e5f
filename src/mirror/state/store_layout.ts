import type { ManagedStore } from "../../ports/mod.ts";

/** Name of the upstream of an edge that has one only. */
export const DEFAULT_UPSTREAM = "default";

const DEFAULT_POINTER = "current";

/** Folder of the pointers of all other upstreams. */
export const POINTERS = "upstreams/";

/**
 * Key of the pointer to what is current of an upstream. Pointers are all that upstreams don't share: what
 * they name is named by its digest.
 */
export function pointerKey(upstream: string): string {
  return upstream === DEFAULT_UPSTREAM ? DEFAULT_POINTER : POINTERS + upstream;
}

/** Whether a pointer may be stored under the key. */
export function isPointerKey(key: string): boolean {
  return key === DEFAULT_POINTER || /^upstreams\/[a-z0-9][a-z0-9-]{0,62}$/.test(key);
}

/** How many generations of an upstream are kept, the current one among them. */
const KEPT_GENERATIONS = 3;

/** Keys of the copies of the last pointers under `pointer`, which take turns. */
export function historyKeys(pointer: string): readonly string[] {
  return Array.from({ length: KEPT_GENERATIONS }, (_, turn) => `${pointer}.${turn}`);
}

/** Whether a copy of a pointer may be stored under the key. */
export function isHistoryKey(key: string): boolean {
  return /\.\d$/.test(key) && isPointerKey(key.slice(0, -2));
}

/** Whether an upstream may be called so: lower-case letters, digits and hyphens, at most 63 characters. */
export function isUpstreamName(name: string): boolean {
  return isPointerKey(POINTERS + name);
}

/** Key of the record that says since when objects are not needed. */
export const LEDGER_KEY = "sweep";

const OWN_KEY =
  /^(?:metadata|parts|packs|deltas|targets|blocks)\/(?:[0-9a-f]{64}|[0-9a-f]{128})(?:\.parts|\.hint|\.dcz|\.made)?$/;

/**
 * Whether an edge names its objects so. What else lies in its directory or bucket is somebody's, and is
 * neither read nor removed.
 */
export function isOwnKey(key: string): boolean {
  return OWN_KEY.test(key);
}

/** Whether the object is a list of parts (see `ContentStore`). */
export function isPartListKey(key: string): boolean {
  return key.endsWith(".parts");
}

/** Whether the object is a hint index (see `ChunkedFiles`). */
export function isHintKey(key: string): boolean {
  return key.endsWith(".hint");
}

/** Key of a file compressed with a dictionary (see `DictionaryForms`), by the name of the pair. */
export function dictionaryFormKey(pair: string): string {
  return `targets/${pair}.dcz`;
}

/** Whether the object is a file compressed with a dictionary. */
export function isDictionaryFormKey(key: string): boolean {
  return key.endsWith(".dcz");
}

/** Key of what is known of a delta that was made here (see `DeltaCache`), by the name of its pair. */
export function madeDeltaKey(pair: string): string {
  return `deltas/${pair}.made`;
}

/** Whether the object tells of a delta that was made here. */
export function isMadeDeltaKey(key: string): boolean {
  return key.endsWith(".made") && isOwnKey(key);
}

/** Folder of blocks of archives that were made again (see `BlockCache`). */
export const BLOCKS = "blocks/";

/** Key of a block by its SHA-256 in hex. */
export function blockKey(sha256: string): string {
  return BLOCKS + sha256;
}

/** Whether the object is such a block: it is kept to save time, and nobody misses it. */
export function isBlockKey(key: string): boolean {
  return key.startsWith(BLOCKS) && isOwnKey(key);
}

/** Whether the object is content, not metadata or a record of the edge. */
export function isContentKey(key: string): boolean {
  return isOwnKey(key) && !key.startsWith("metadata/");
}

/** Whether the object is a publisher's, who keeps a repository in the same place as an edge its store. */
export function isPublisherKey(key: string): boolean {
  return key.startsWith(".breccia/") || key === "metadata/timestamp.json";
}

/** Whether a publisher keeps a repository in the store. */
export async function holdsPublication(store: ManagedStore): Promise<boolean> {
  if (await store.head("metadata/timestamp.json") !== undefined) return true;
  for await (const _ of store.list(".breccia/")) return true;
  return false;
}
