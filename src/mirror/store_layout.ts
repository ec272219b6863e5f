/** Key of the pointer to the current generation, the one object that clients see replaced. */
export const POINTER_KEY = "current";

/** Key of the record that says since when objects are not needed. */
export const LEDGER_KEY = "sweep";

const OWN_KEY =
  /^(?:metadata|parts|packs|deltas|targets)\/(?:[0-9a-f]{64}|[0-9a-f]{128})(?:\.parts|\.hint)?$/;

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

/** Whether the object is content, not metadata or a record of the edge. */
export function isContentKey(key: string): boolean {
  return isOwnKey(key) && !key.startsWith("metadata/");
}
