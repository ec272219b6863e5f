import type { Neighbourhood } from "../residual_coder.ts";
import { hash2 } from "./hash.ts";

/** The bytes by which a lost place is found again. */
const CONTEXT_BYTES = 4;
const TABLE_BITS = 12;
const LONGEST = 60;
/** So many agreeing bytes are held on to. */
const TRUSTED = 4;

/**
 * Expects what the old file has in place of a literal stretch. It starts where the preceding match ended,
 * keeps pace over bytes that differ, and moves when what was just coded stands elsewhere nearby.
 */
export class NeighbourMatch {
  /** The byte that is expected, or -1. */
  expected = -1;
  /** How many bytes before it agree. */
  length = 0;
  /** How often it was wrong since it moved. */
  misses = 0;
  readonly #places = new Int32Array(2 ** TABLE_BITS);
  #near: Neighbourhood | undefined;
  #from = 0;

  /** A stretch begins in place of what is `near`. */
  begin(near: Neighbourhood | undefined): void {
    this.#near = near;
    this.expected = -1;
    this.length = near === undefined ? 0 : 1;
    this.misses = 0;
    if (near === undefined) return;
    this.#from = near.at;
    this.#places.fill(0);
    for (let i = near.start + CONTEXT_BYTES; i < near.end; i++) {
      this.#places[slotOf(near.bytes, i)] = i;
    }
    this.#expect(near);
  }

  /** Goes on after the byte before `at` of `output`. */
  advance(output: Uint8Array, at: number): void {
    const near = this.#near;
    if (near === undefined) return;
    if (this.expected === output[at - 1]) this.length = Math.min(this.length + 1, LONGEST);
    else {
      this.length = 0;
      this.misses++;
    }
    this.#from++;
    if (this.length < TRUSTED && at >= CONTEXT_BYTES) this.#move(near, output, at);
    this.#expect(near);
  }

  #move({ bytes, start }: Neighbourhood, output: Uint8Array, at: number): void {
    const place = this.#places[slotOf(output, at)] as number;
    if (place === 0 || place === this.#from) return;
    const most = Math.min(32, place - start, at);
    let length = 0;
    while (length < most && bytes[place - 1 - length] === output[at - 1 - length]) length++;
    if (length < CONTEXT_BYTES || length <= this.length) return;
    this.#from = place;
    this.length = length;
    this.misses = 0;
  }

  #expect({ bytes, end }: Neighbourhood): void {
    this.expected = this.#from < end ? bytes[this.#from] as number : -1;
  }
}

function slotOf(bytes: Uint8Array, at: number): number {
  const four = (bytes[at - 1] as number) | ((bytes[at - 2] as number) << 8) |
    ((bytes[at - 3] as number) << 16) | ((bytes[at - 4] as number) << 24);
  return hash2(four, 0) >>> (32 - TABLE_BITS);
}
