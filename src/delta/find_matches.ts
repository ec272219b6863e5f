import { BrecciaError } from "../errors.ts";
import { DELTA_LIMITS } from "../limits.ts";
import { AnchorIndex, type IndexedRange } from "./anchor_index.ts";
import type { Range } from "./image.ts";
import type { ProgramPair } from "./images/find_images.ts";
import { findLagAnchors } from "./lag_anchors.ts";
import { Matches } from "./matches.ts";
import { normaliseImage } from "./normalise.ts";
import { type Corpus, Scanner } from "./scan.ts";

/** Bytes in an anchor: shorter ones find more, and more that is accidental. */
const ANCHOR_BYTES = 20;
/** A match must beat staying by this much; outside images each one costs about as many bits as it says. */
const THRESHOLD_IN_IMAGES = 12;
const THRESHOLD_ELSEWHERE = 28;
/** Scanned between two reports of progress. */
const SLICE_BYTES = 4 * 1024 * 1024;

/**
 * Finds which old bytes, or earlier new bytes, each stretch of the new file resembles. Indexes a
 * place every `stride` bytes: see {@linkcode strideWithin}.
 */
export async function findMatches(
  oldBytes: Uint8Array,
  newBytes: Uint8Array,
  programs: readonly ProgramPair[],
  stride: number,
  onSlice: (done: number) => Promise<void>,
): Promise<Matches> {
  const corpus: Corpus = {
    bytes: new Uint8Array(oldBytes.length + newBytes.length),
    oldSize: oldBytes.length,
  };
  corpus.bytes.set(oldBytes);
  corpus.bytes.set(newBytes, oldBytes.length);
  for (const pair of programs) {
    normaliseImage(oldBytes, corpus.bytes.subarray(0, oldBytes.length), pair.old);
    normaliseImage(newBytes, corpus.bytes.subarray(oldBytes.length), pair.new);
  }
  const newImages = programs.map(({ image }) => image.new.extent).sort((a, b) => a.start - b.start);
  const index = new AnchorIndex(corpus.bytes, indexed(corpus, newImages), ANCHOR_BYTES, stride);
  const matches = new Matches(1024);
  const scanner = new Scanner(
    corpus,
    index,
    { inside: THRESHOLD_IN_IMAGES, outside: THRESHOLD_ELSEWHERE, images: newImages },
    matches,
  );
  scanner.begin(0, newBytes.length, 0);
  for (let limit = SLICE_BYTES; !scanner.advance(limit); limit += SLICE_BYTES) await onSlice(limit);
  // Coding takes as much memory again, and the collector would not come before it.
  index.free();
  const images = programs.map(({ image }) => image);
  const all = programs.length === 0
    ? matches
    : findLagAnchors(oldBytes, newBytes, images, matches, corpus);
  corpus.bytes.buffer.transfer(0);
  return withinLimit(all);
}

/** All of the old file, and the new one outside images: programs hardly ever repeat themselves. */
function indexed(corpus: Corpus, newImages: readonly Range[]): IndexedRange[] {
  const { bytes, oldSize } = corpus;
  const ranges: IndexedRange[] = [{ start: 0, end: oldSize }];
  let start = oldSize;
  for (const image of newImages) {
    ranges.push({ start, end: oldSize + image.start });
    start = oldSize + image.end;
  }
  ranges.push({ start, end: bytes.length });
  return ranges.filter((range) => range.end > range.start);
}

/** The finest distance between indexed places. */
const FINEST_STRIDE = 4;
const COARSEST_STRIDE = 64;
/** The index's row starts, zstd's tables and the segment in work. */
const FIXED_BYTES = 160 * 1024 * 1024;

/**
 * How far apart places are indexed so that encoding takes at most `memoryBytes`, both files included.
 * Coarser indexes find fewer short matches.
 *
 * @throws {BrecciaError} `usage` when no index is coarse enough.
 */
export function strideWithin(memoryBytes: number, oldSize: number, newSize: number): number {
  for (let stride = FINEST_STRIDE; stride <= COARSEST_STRIDE; stride *= 2) {
    if (FIXED_BYTES + (2 + 4 / stride) * (oldSize + newSize) <= memoryBytes) return stride;
  }
  throw new BrecciaError(
    "usage",
    `Cannot make a delta of ${oldSize} and ${newSize} bytes within ${memoryBytes} bytes of memory: allow ` +
      `${Math.ceil(FIXED_BYTES + (2 + 4 / COARSEST_STRIDE) * (oldSize + newSize))}`,
  );
}

/** Drops the shortest matches where there are more than a delta may hold. */
function withinLimit(matches: Matches): Matches {
  let kept = matches;
  for (let shortest = 64; kept.count > DELTA_LIMITS.matches; shortest *= 2) {
    kept = new Matches(DELTA_LIMITS.matches);
    for (let i = 0; i < matches.count; i++) {
      const length = matches.length[i] as number;
      if (length >= shortest) {
        kept.push(matches.newAt[i] as number, matches.source[i] as number, length);
      }
    }
  }
  return kept;
}
