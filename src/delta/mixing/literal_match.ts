import { hash2 } from "./hash.ts";

/** The bytes by which places are found. */
const CONTEXT_BYTES = 5;
const TABLE_BITS = 18;
const LONGEST = 400;

/** Expects what followed the last five bytes where they stood before in the segment. */
export class LiteralMatch {
  /** The byte that is expected, or -1. */
  expected = -1;
  /** How many bytes before it agree. */
  length = 0;
  readonly #places = new Int32Array(2 ** TABLE_BITS);
  #learnt = CONTEXT_BYTES;
  #from = 0;
  /** What leaves of a hash as many bits as the table has. */
  #down = 32 - TABLE_BITS;

  /** Forgets everything; its table is smaller by `shift` bits from now on. */
  reset(shift: number): void {
    this.#down = 32 - TABLE_BITS + shift;
    this.#places.fill(0, 0, 2 ** (TABLE_BITS - shift));
    this.#learnt = CONTEXT_BYTES;
    this.#lose();
  }

  /** A stretch begins at `at`: takes in what lies before it. */
  begin(output: Uint8Array, at: number): void {
    for (let i = this.#learnt; i < at; i++) this.#places[hashOf(output, i) >>> this.#down] = i;
    this.#learnt = Math.max(this.#learnt, at);
    this.#lose();
  }

  /** Says what is expected at `at`. */
  find(output: Uint8Array, at: number): void {
    if (at < CONTEXT_BYTES) return;
    const slot = hashOf(output, at) >>> this.#down;
    if (this.length > 0 && this.expected === output[at - 1]) {
      this.#from++;
      if (this.length < LONGEST) this.length++;
    } else {
      this.#from = this.#places[slot] as number;
      this.length = agreement(output, this.#from, at);
    }
    this.#places[slot] = at;
    this.#learnt = at + 1;
    if (this.length > 0) this.expected = output[this.#from] as number;
    else this.#lose();
  }

  #lose(): void {
    this.length = 0;
    this.expected = -1;
  }
}

/** How many bytes before two places agree, up to 32; 0 when fewer than the context do. */
function agreement(output: Uint8Array, from: number, at: number): number {
  const most = Math.min(32, from);
  let length = 0;
  while (length < most && output[from - 1 - length] === output[at - 1 - length]) length++;
  return length < CONTEXT_BYTES ? 0 : length;
}

function hashOf(output: Uint8Array, at: number): number {
  const four = (output[at - 1] as number) | ((output[at - 2] as number) << 8) |
    ((output[at - 3] as number) << 16) | ((output[at - 4] as number) << 24);
  return hash2(four, output[at - CONTEXT_BYTES] as number);
}
