import type { Chunking } from "./chunking.ts";

/** Bytes that the 32-bit gear hash remembers: each shift forgets one bit. */
const WINDOW = 32;

/**
 * How much harder a cut is before the average length, and easier after it, in bits: the normalized
 * chunking of FastCDC (Xia et al., USENIX ATC 2016, section 3.5), level 2.
 */
const NORMALIZATION = 2;

/**
 * The gear table: MurmurHash3's 32-bit finalizer over multiples of the golden ratio. Part of the
 * format: another table finds other boundaries, and shares no chunk with what is published.
 */
const GEAR: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let h = Math.imul(byte + 1, 0x9e3779b9);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
});

/**
 * Where the chunk that begins at `start` ends: an offset in `bytes`, exclusive, after which the next
 * chunk begins. Looks at no byte past `end`; the caller offers `chunking.maximum` bytes or all that
 * is left.
 *
 * A cut falls after a byte where the hash of the 32 bytes up to it has its top bits zero, so it
 * depends on those bytes and on the distance from `start` alone. An insertion moves later cuts along
 * with their content instead of changing them.
 */
export function findCut(
  bytes: Uint8Array,
  start: number,
  end: number,
  chunking: Chunking,
): number {
  const last = Math.min(end, start + chunking.maximum);
  if (last - start <= chunking.minimum) return last;
  const bits = Math.log2(chunking.average);
  const middle = Math.min(last, start + chunking.average);
  const from = start + chunking.minimum;

  let hash = 0;
  for (let i = from - WINDOW; i < from; i++) hash = (hash << 1) + GEAR[bytes[i]!]! | 0;
  const state = { hash };
  const early = scan(bytes, from, middle, 32 - bits - NORMALIZATION, state);
  if (early !== -1) return early;
  const late = scan(bytes, middle, last, 32 - bits + NORMALIZATION, state);
  return late !== -1 ? late : last;
}

/** First cut in `[from, to)` where `hash >>> shift` is zero, or −1; keeps the hash in `state`. */
function scan(
  bytes: Uint8Array,
  from: number,
  to: number,
  shift: number,
  state: { hash: number },
): number {
  let hash = state.hash;
  let i = from;
  // Four bytes a turn: about twice the speed of the plain loop below.
  for (const unrolledEnd = to - 3; i < unrolledEnd; i += 4) {
    hash = (hash << 1) + GEAR[bytes[i]!]! | 0;
    if (hash >>> shift === 0) return i + 1;
    hash = (hash << 1) + GEAR[bytes[i + 1]!]! | 0;
    if (hash >>> shift === 0) return i + 2;
    hash = (hash << 1) + GEAR[bytes[i + 2]!]! | 0;
    if (hash >>> shift === 0) return i + 3;
    hash = (hash << 1) + GEAR[bytes[i + 3]!]! | 0;
    if (hash >>> shift === 0) return i + 4;
  }
  for (; i < to; i++) {
    hash = (hash << 1) + GEAR[bytes[i]!]! | 0;
    if (hash >>> shift === 0) return i + 1;
  }
  state.hash = hash;
  return -1;
}
