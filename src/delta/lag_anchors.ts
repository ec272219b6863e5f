import { AnchorIndex } from "./anchor_index.ts";
import type { ImagePair, Range } from "./image.ts";
import { Matches } from "./matches.ts";
import { type Corpus, Scanner } from "./scan.ts";

/** Distance in bytes of the words that are subtracted: two records of a table of 32-bit numbers. */
const LAG = 8;
const ANCHOR_BYTES = 16;
const THRESHOLD = 8;
/** Shorter gaps are left as literals, shorter matches as gaps. */
const SMALLEST_GAP = 48;
const SMALLEST_MATCH = 24;

/**
 * The second pass: finds tables whose numbers all shifted by the same amount (jump tables, line tables,
 * `.eh_frame_hdr`) in what the first pass left uncovered of the images' data. There, each aligned word is replaced by its
 * difference from the word eight bytes before, which such a shift leaves as it is.
 *
 * Overwrites `corpus.bytes`, which the first pass no longer needs.
 */
export function findLagAnchors(
  oldBytes: Uint8Array,
  newBytes: Uint8Array,
  images: readonly ImagePair[],
  matches: Matches,
  corpus: Corpus,
): Matches {
  const { oldSize } = corpus;
  const oldGaps = dataGaps(oldCoverage(matches, oldSize), images.map(({ old }) => old));
  const newGaps = dataGaps(newCoverage(matches), images.map((pair) => pair.new));
  for (const gap of oldGaps) writeDifferences(oldBytes, gap, corpus.bytes, 0);
  const index = new AnchorIndex(
    corpus.bytes,
    oldGaps.map(({ start, end }) => ({ start: (start + 3) & ~3, end })),
    ANCHOR_BYTES,
    4,
  );
  const found = new Matches(1024);
  const thresholds = { inside: THRESHOLD, outside: THRESHOLD, images: [] };
  for (const gap of newGaps) {
    writeDifferences(newBytes, gap, corpus.bytes, oldSize);
    const inGap = new Matches(16);
    const scanner = new Scanner(corpus, index, thresholds, inGap);
    scanner.begin(gap.start, gap.end, alignmentBefore(matches, gap.start));
    scanner.advance(gap.end);
    for (let i = 0; i < inGap.count; i++) {
      const [newAt, source, length] = [inGap.newAt[i]!, inGap.source[i]!, inGap.length[i]!];
      if (worthwhile(corpus, newAt, source, length)) found.push(newAt, source, length);
    }
  }
  return merged(matches, found);
}

/** Covered ranges by ascending start; ranges of programs come by the hundred thousand. */
interface Coverage {
  readonly start: Uint32Array;
  readonly end: Uint32Array;
}

/** Old ranges that matches cover. */
function oldCoverage(matches: Matches, oldSize: number): Coverage {
  // Numbers of 64 bits, made of start and length, sort without a comparison of ours.
  const keys = new BigUint64Array(matches.count);
  let count = 0;
  for (let i = 0; i < matches.count; i++) {
    const source = matches.source[i] as number;
    if (source >= oldSize) continue;
    keys[count++] = BigInt(source) << 32n | BigInt(matches.length[i] as number);
  }
  keys.subarray(0, count).sort();
  const start = new Uint32Array(count);
  const end = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    start[i] = Number((keys[i] as bigint) >> 32n);
    end[i] = (start[i] as number) + Number((keys[i] as bigint) & 0xffff_ffffn);
  }
  return { start, end };
}

function newCoverage({ newAt, length, count }: Matches): Coverage {
  const start = newAt.subarray(0, count);
  return { start, end: start.map((at, i) => at + (length[i] as number)) };
}

/** What `covered` leaves of the images' data, in pieces worth a look. */
function dataGaps(
  covered: Coverage,
  images: readonly { extent: Range; executable: readonly Range[] }[],
): Range[] {
  const gaps: Range[] = [];
  const sorted = [...images].sort((a, b) => a.extent.start - b.extent.start);
  let next = 0;
  for (const { extent, executable } of sorted) {
    let at = extent.start;
    const close = (end: number): void => {
      const inCode = executable.some((code) => at >= code.start && at < code.end);
      if (end - at >= SMALLEST_GAP && !inCode) gaps.push({ start: at, end });
    };
    while (next > 0 && (covered.end[next - 1] as number) > at) next--;
    for (; next < covered.start.length && (covered.start[next] as number) < extent.end; next++) {
      close(covered.start[next] as number);
      at = Math.max(at, covered.end[next] as number);
    }
    close(extent.end);
  }
  return gaps;
}

function writeDifferences(file: Uint8Array, gap: Range, target: Uint8Array, shift: number): void {
  const from = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const to = new DataView(target.buffer, target.byteOffset, target.byteLength);
  target.fill(0, shift + gap.start, shift + gap.end);
  for (let at = Math.max(12, (gap.start + 3) & ~3); at + 4 <= gap.end; at += 4) {
    to.setInt32(shift + at, from.getInt32(at, true) - from.getInt32(at - LAG, true), true);
  }
}

/** The alignment of the match that ends last before `offset`: the gap probably goes on with it. */
function alignmentBefore(matches: Matches, offset: number): number {
  const before = matches.firstEndingAfter(offset) - 1;
  return before < 0 ? 0 : (matches.source[before] as number) - (matches.newAt[before] as number);
}

/** Long, word-aligned, and a quarter of its words alike and not zero: else it is an accident. */
function worthwhile(corpus: Corpus, newAt: number, source: number, length: number): boolean {
  if (length < SMALLEST_MATCH || (newAt - source) % 4 !== 0 || source >= corpus.oldSize) {
    return false;
  }
  const { bytes, oldSize } = corpus;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let words = 0;
  let alike = 0;
  for (let i = -newAt & 3; i + 4 <= length; i += 4) {
    words++;
    const word = view.getInt32(oldSize + newAt + i, true);
    if (word !== 0 && word === view.getInt32(source + i, true)) alike++;
  }
  return 4 * alike >= words;
}

/** Both lists, which don't overlap, in new order. */
function merged(a: Matches, b: Matches): Matches {
  const all = new Matches(a.count + b.count);
  for (let i = 0, j = 0; i < a.count || j < b.count;) {
    const first = j >= b.count || (i < a.count && (a.newAt[i] as number) < (b.newAt[j] as number));
    const from = first ? a : b;
    const k = first ? i++ : j++;
    all.push(from.newAt[k] as number, from.source[k] as number, from.length[k] as number);
  }
  return all;
}
