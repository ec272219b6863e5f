/** What writer and reader of the release index share (docs/formats/release-index.md). */

/** "BRINDEX" and the format's number. */
export const INDEX_MAGIC: Uint8Array = new Uint8Array([
  0x42,
  0x52,
  0x49,
  0x4e,
  0x44,
  0x45,
  0x58,
  1,
]);

/** Magic, length of the tables, length of the stored tables. */
export const INDEX_HEADER_BYTES = 16;

/** Longest app name, version or platform, in bytes of UTF-8. */
export const IDENTITY_BYTES = 128;

/** Entry kinds by their number in the format. */
export const ENTRY_KINDS = ["file", "directory", "link"] as const;

/** Tags of the sections that follow the tables. */
export const SECTION = { deltas: 1 } as const;

/** Sections from this tag on may be skipped by readers that don't know them. */
export const FIRST_SKIPPABLE_SECTION = 128;

/** The longest common prefix of two byte arrays. */
export function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  const limit = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < limit && a[shared] === b[shared]) shared++;
  return shared;
}
