import { type ChunkTable, type MissingRequest, PREFIX_BYTES } from "../../index/mod.ts";

/** Chunks that are looked at for one request, wanted and held alike: some 50 ms of work. */
const LOOKED_AT = 262_144;

/** What a client lacks. */
export interface MissingChunks {
  /** Numbers of the chunks, ascending; one that occurs several times is named once. */
  readonly ordinals: readonly number[];
  /** Number of the first chunk that was not looked at; the count of all when nothing is left. */
  readonly next: number;
}

/**
 * The chunks of `wanted` that a client lacks by what it said, from `first` on and at most `most` of them.
 * What it holds beyond the bound of one request counts as lacking: that costs bytes, and breaks nothing.
 */
export function findMissing(
  wanted: ChunkTable,
  { first, prefixes }: Pick<MissingRequest, "first" | "prefixes">,
  held: Iterable<ChunkTable>,
  most: number,
): MissingChunks {
  const known = new Set(prefixes.map(prefixOf));
  let left = LOOKED_AT;
  for (const table of held) {
    for (let ordinal = 0; ordinal < table.count && left > 0; ordinal++, left--) {
      known.add(prefixOf(table.at(ordinal).hash));
    }
  }
  const ordinals: number[] = [];
  const end = Math.min(wanted.count, first + LOOKED_AT);
  let next = first;
  for (; next < end && ordinals.length < most; next++) {
    const prefix = prefixOf(wanted.at(next).hash);
    if (known.has(prefix)) continue;
    known.add(prefix);
    ordinals.push(next);
  }
  return { ordinals, next };
}

function prefixOf(hash: Uint8Array): bigint {
  return new DataView(hash.buffer, hash.byteOffset, PREFIX_BYTES).getBigUint64(0);
}
