import type { AnchorIndex } from "./anchor_index.ts";
import { RollingHash } from "./anchor_index.ts";
import type { Range } from "./image.ts";
import type { Matches } from "./matches.ts";

/** While the alignment goes on to match this many bytes, no better one is looked for. */
const RUN_BYTES = 32;
/** Of the places with the same hash, this many nearest to the current alignment are tried. */
const CANDIDATES = 24;
/** A match is extended with mismatches until this far past its best end. */
const PATIENCE_BYTES = 4096;
/** A stretch without an exact run this long may end a match, though the alignment stays. */
const HOLE_BYTES = 1024;
/** No candidate is followed further than this before it is judged. */
const FOLLOW_BYTES = 65_536;

/** What is scanned: the old file and the new one behind it, as one array. */
export interface Corpus {
  /** Old bytes, then new bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly oldSize: number;
}

/** By how many bytes a new alignment must beat the current one. */
export interface Thresholds {
  /** Within `images`, where a wrong alignment costs little: prediction mends it. */
  readonly inside: number;
  readonly outside: number;
  /** Ranges of the new file, sorted, apart. */
  readonly images: readonly Range[];
}

/**
 * Walks the new file once and finds which old bytes each stretch resembles. It keeps an *alignment* (old
 * offset minus new offset) for as long as it matches, looks anchors up where it does not, and moves to
 * another alignment only where that matches more bytes than staying would.
 */
export class Scanner {
  readonly #bytes: Uint8Array;
  readonly #oldSize: number;
  readonly #index: AnchorIndex;
  readonly #rolling: RollingHash;
  readonly #thresholds: Thresholds;
  readonly #matches: Matches;
  /** All positions are places in the corpus: the new file begins at `oldSize`. */
  #position = 0;
  #settled = 0;
  /** Where the current alignment last matched exactly. */
  #confirmed = 0;
  #end = 0;
  #alignment = 0;
  #aligned = false;
  #image = 0;
  /** The best candidate that `#lookUp` found. */
  #bestShift = 0;
  #bestAhead = 0;
  #bestBehind = 0;

  /** Scans with anchors of `index` and appends to `matches`. */
  constructor(corpus: Corpus, index: AnchorIndex, thresholds: Thresholds, matches: Matches) {
    this.#bytes = corpus.bytes;
    this.#oldSize = corpus.oldSize;
    this.#index = index;
    this.#rolling = new RollingHash(corpus.bytes, index.window);
    this.#thresholds = thresholds;
    this.#matches = matches;
  }

  /**
   * Begins at `start` of the new file, to end before `end`. `alignment` (old offset minus new offset)
   * is tried first; `undefined` for none.
   */
  begin(start: number, end: number, alignment: number | undefined): void {
    this.#position = this.#oldSize + start;
    this.#settled = this.#position;
    this.#confirmed = this.#position;
    this.#end = this.#oldSize + end;
    this.#aligned = alignment !== undefined && this.#oldSize > 0;
    this.#alignment = (alignment ?? 0) - this.#oldSize;
  }

  /** Scans to `limit` of the new file, or a little further; true when the end was reached. */
  advance(limit: number): boolean {
    const bytes = this.#bytes;
    const until = Math.min(this.#end, this.#oldSize + limit);
    const window = this.#index.window;
    while (this.#position < until) {
      const position = this.#position;
      const run = this.#aligned ? this.#extend(position + this.#alignment, position) : 0;
      if (run >= RUN_BYTES) {
        // The same alignment again after a long hole: extension would not reach over it.
        if (position - this.#confirmed > HOLE_BYTES) this.#settle(position, this.#alignment);
        this.#position += run;
        this.#confirmed = this.#position;
        continue;
      }
      if (position + window > this.#end) {
        this.#position = this.#end;
        break;
      }
      const hash = this.#rolling.moveTo(position);
      if (hash === 0 || !this.#lookUp(position, hash)) {
        this.#position++;
        continue;
      }
      const start = position - this.#bestBehind;
      const length = this.#bestBehind + this.#bestAhead;
      let staying = 0;
      if (this.#aligned) {
        const [low, high] = this.#sourceBounds(position + this.#alignment);
        const first = Math.max(start, low - this.#alignment);
        const last = Math.min(start + length, high - this.#alignment);
        for (let at = first; at < last; at++) {
          if (bytes[at] === bytes[at + this.#alignment]) staying++;
        }
      }
      if (length > staying + this.#threshold(position)) {
        this.#settle(start, this.#bestShift);
        this.#position = Math.max(start + length, this.#settled + 1);
        this.#confirmed = this.#position;
      } else {
        // The current alignment matches nearly all of it: what begins in its first half would not win either.
        this.#position += Math.max(1, this.#bestAhead >> 1);
      }
    }
    if (this.#position < this.#end) return false;
    this.#settle(this.#end, undefined);
    return true;
  }

  #threshold(position: number): number {
    const { images, inside, outside } = this.#thresholds;
    const offset = position - this.#oldSize;
    while (this.#image < images.length && (images[this.#image] as Range).end <= offset) {
      this.#image++;
    }
    const image = images[this.#image];
    return image !== undefined && offset >= image.start ? inside : outside;
  }

  /** The part of the corpus that a copy from `source` must stay in: old or new. */
  #sourceBounds(source: number): [low: number, high: number] {
    return source < this.#oldSize ? [0, this.#oldSize] : [this.#oldSize, this.#end];
  }

  /** How many bytes from `source` on equal those from `position` on. */
  #extend(source: number, position: number): number {
    if (source < 0) return 0;
    const bytes = this.#bytes;
    const limit = source < this.#oldSize ? this.#oldSize : this.#end;
    const most = Math.min(this.#end - position, limit - source);
    let length = 0;
    while (length < most && bytes[source + length] === bytes[position + length]) length++;
    return length;
  }

  /** Finds the candidate with the longest exact match through `position`. */
  #lookUp(position: number, hash: number): boolean {
    const { starts, places, window } = this.#index;
    const bytes = this.#bytes;
    const row = this.#index.rowOf(hash);
    let first = starts[row] as number;
    let last = starts[row + 1] as number;
    if (first === last) return false;
    if (last - first > CANDIDATES) {
      last = lowerBound(places, first, last, position);
      const middle = lowerBound(places, first, last, Math.max(0, position + this.#alignment));
      first = Math.max(first, Math.min(middle - CANDIDATES / 2, last - CANDIDATES));
      last = Math.min(last, first + CANDIDATES);
    }
    let best = 0;
    for (let i = first; i < last; i++) {
      const place = places[i] as number;
      if (place >= position) break;
      const shift = place - position;
      if (this.#aligned && shift === this.#alignment) continue;
      const limit = place < this.#oldSize ? this.#oldSize : this.#end;
      const most = Math.min(this.#end - position, limit - place, FOLLOW_BYTES);
      let ahead = 0;
      while (ahead < most && bytes[place + ahead] === bytes[position + ahead]) ahead++;
      if (ahead < window) continue;
      const low = place < this.#oldSize ? 0 : this.#oldSize;
      const back = Math.min(position - this.#settled, place - low, PATIENCE_BYTES);
      let behind = 0;
      while (behind < back && bytes[place - 1 - behind] === bytes[position - 1 - behind]) behind++;
      const length = ahead + behind;
      const nearer = length === best &&
        Math.abs(shift - this.#alignment) < Math.abs(this.#bestShift - this.#alignment);
      if (length > best || nearer) {
        best = length;
        this.#bestShift = shift;
        this.#bestAhead = ahead;
        this.#bestBehind = behind;
      }
    }
    return best > 0;
  }

  /**
   * The alignment changes to `next` at `start` (it ends there when `next` is undefined). The current one is
   * extended forwards and the next one backwards, mismatches allowed where they pay; where both
   * claim the same bytes, the cut falls where the two together match most.
   */
  #settle(start: number, next: number | undefined): void {
    const bytes = this.#bytes;
    const settled = this.#settled;
    const current = this.#alignment;
    let forward = 0;
    if (this.#aligned) {
      const [low, high] = this.#sourceBounds(settled + current);
      const most = settled + current < low
        ? 0
        : Math.min(start - settled, high - current - settled);
      let same = 0;
      let best = 0;
      for (let i = 0; i < most && i <= forward + PATIENCE_BYTES;) {
        if (bytes[settled + i] === bytes[settled + i + current]) same++;
        i++;
        if (2 * same - i > best) {
          best = 2 * same - i;
          forward = i;
        }
      }
    }
    let backward = 0;
    if (next !== undefined) {
      const low = start + next < this.#oldSize ? 0 : this.#oldSize;
      const most = Math.min(start - settled, start + next - low);
      let same = 0;
      let best = 0;
      for (let i = 1; i <= most && i <= backward + PATIENCE_BYTES; i++) {
        if (bytes[start - i] === bytes[start - i + next]) same++;
        if (2 * same - i > best) {
          best = 2 * same - i;
          backward = i;
        }
      }
    }
    const overlap = settled + forward - (start - backward);
    if (next !== undefined && overlap > 0) {
      const from = start - backward;
      let score = 0;
      let best = 0;
      let cut = 0;
      for (let i = 0; i < overlap; i++) {
        if (bytes[from + i] === bytes[from + i + current]) score++;
        if (bytes[from + i] === bytes[from + i + next]) score--;
        if (score > best) {
          best = score;
          cut = i + 1;
        }
      }
      forward += cut - overlap;
      backward -= cut;
    }
    if (forward > 0) this.#emit(settled, settled + current, forward);
    this.#settled = start - backward;
    this.#alignment = next ?? current;
    this.#aligned = true;
  }

  #emit(place: number, source: number, length: number): void {
    const matches = this.#matches;
    const newAt = place - this.#oldSize;
    const last = matches.count - 1;
    if (
      last >= 0 &&
      (matches.newAt[last] as number) + (matches.length[last] as number) === newAt &&
      (matches.source[last] as number) + (matches.length[last] as number) === source
    ) {
      matches.length[last]! += length;
    } else {
      matches.push(newAt, source, length);
    }
  }
}

/** Index of the first of `places[first … last - 1]`, ascending, that is at least `place`. */
function lowerBound(places: Uint32Array, first: number, last: number, place: number): number {
  while (first < last) {
    const middle = (first + last) >>> 1;
    if ((places[middle] as number) < place) first = middle + 1;
    else last = middle;
  }
  return first;
}
