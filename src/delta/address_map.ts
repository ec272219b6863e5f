import type { Matches } from "./matches.ts";

const PAGE_SHIFT = 12;

/**
 * Where each byte of the old file went: the matches turned round, as intervals that are apart in the
 * old file. Where several matches copy the same old bytes, the one that begins first wins, then the
 * longest, then the first in the new file.
 */
export class AddressMap {
  readonly #start: Uint32Array;
  readonly #end: Uint32Array;
  readonly #target: Uint32Array;
  readonly #count: number;
  /** Intervals that begin before each page of the old file: narrows the binary search. */
  readonly #before: Uint32Array;

  /** Turns round the matches that copy from the old file, which is `oldSize` bytes long. */
  constructor(matches: Matches, oldSize: number) {
    const { newAt, source, length } = matches;
    const order = new Uint32Array(matches.count);
    let known = 0;
    for (let i = 0; i < matches.count; i++) if (get(source, i) < oldSize) order[known++] = i;
    const sorted = order.subarray(0, known).sort((a, b) =>
      get(source, a) - get(source, b) || get(length, b) - get(length, a) || a - b
    );
    this.#start = new Uint32Array(known);
    this.#end = new Uint32Array(known);
    this.#target = new Uint32Array(known);
    let count = 0;
    let end = 0;
    for (const i of sorted) {
      const first = get(source, i);
      const last = first + get(length, i);
      if (last <= end) continue;
      const cut = Math.max(0, end - first);
      this.#start[count] = first + cut;
      this.#end[count] = last;
      this.#target[count] = get(newAt, i) + cut;
      count++;
      end = last;
    }
    this.#count = count;
    this.#before = new Uint32Array((oldSize >>> PAGE_SHIFT) + 2);
    let interval = 0;
    for (let page = 0; page < this.#before.length; page++) {
      while (interval < count && get(this.#start, interval) < page * (1 << PAGE_SHIFT)) interval++;
      this.#before[page] = interval;
    }
  }

  /** Offset in the new file of the old byte at `offset`, or -1 when no match copies it. */
  covering(offset: number): number {
    const i = this.#search(offset) - 1;
    return i >= 0 && offset < get(this.#end, i)
      ? offset - get(this.#start, i) + get(this.#target, i)
      : -1;
  }

  /**
   * Where the old byte at `offset` would be if it had moved along with the nearest interval (the one
   * before it on a tie), or -1 when there are none.
   */
  nearest(offset: number): number {
    const next = this.#search(offset);
    const before = next > 0 ? Math.max(0, offset - get(this.#end, next - 1)) : Infinity;
    const after = next < this.#count ? get(this.#start, next) - offset : Infinity;
    if (before === Infinity && after === Infinity) return -1;
    const i = before <= after ? next - 1 : next;
    return offset - get(this.#start, i) + get(this.#target, i);
  }

  /** How many intervals begin at or before `offset`, which lies in the old file. */
  #search(offset: number): number {
    const page = offset >>> PAGE_SHIFT;
    let low = get(this.#before, page);
    let high = get(this.#before, page + 1);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (get(this.#start, middle) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function get(array: Uint32Array, index: number): number {
  return array[index] as number;
}
