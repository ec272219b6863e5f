import { encodeHex } from "../../bytes/mod.ts";
import type { ReleaseIndex } from "../../index/mod.ts";

/** How much of a release is new beside the one before it. */
export interface ChangeMap {
  /** Length of the release stream in bytes. */
  readonly bytes: number;
  /** Bytes in chunks that the release before does not have. */
  readonly newBytes: number;
  /** What these chunks take as they are stored and sent, each once. */
  readonly newStoredBytes: number;
  /** The stream in equal stretches, from its start to its end: the share of each that is new, 0 to 1. */
  readonly strip: readonly number[];
}

/** Stretches in a strip. */
const STRETCHES = 96;

/** Compares the chunks of `index` with those of the release before; with none, all of it is new. */
export function noveltyOf(index: ReleaseIndex, before: ReleaseIndex | undefined): ChangeMap {
  const known = new Set<string>();
  for (const { hash } of before?.chunks ?? []) known.add(encodeHex(hash));
  const fresh = new Float64Array(STRETCHES);
  const stretch = Math.max(index.streamBytes / STRETCHES, 1);
  const stored = new Set<string>();
  let newBytes = 0;
  let newStoredBytes = 0;
  for (const { hash, offset, length, storedLength } of index.chunks) {
    const name = encodeHex(hash);
    if (known.has(name)) continue;
    newBytes += length;
    if (!stored.has(name)) newStoredBytes += storedLength;
    stored.add(name);
    for (let at = offset; at < offset + length;) {
      const number = Math.min(Math.floor(at / stretch), STRETCHES - 1);
      const end = number === STRETCHES - 1 ? Infinity : (number + 1) * stretch;
      const next = Math.min(Math.max(end, at + 1), offset + length);
      fresh[number]! += next - at;
      at = next;
    }
  }
  const strip = Array.from(fresh, (bytes) => Math.min(bytes / stretch, 1));
  return { bytes: index.streamBytes, newBytes, newStoredBytes, strip };
}
