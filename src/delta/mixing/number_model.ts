import type { BinaryCoder } from "./binary_coder.ts";
import { bitLength } from "./bit_length.ts";
import { ContextMixer } from "./context_mixer.ts";
import { hash2 } from "./hash.ts";

const SLOT_BITS = 18;

/** A number has 0 to 32 bits: six decisions. */
const LENGTH_DECISIONS = 6;

/** Bits after the highest that are told apart by how many precede them; then they are alike. */
const LEADING_BITS = 3;

const FIRST_SETS = LENGTH_DECISIONS + LEADING_BITS + 1;
const SECOND_SETS = 128;

/** Codes numbers under 2^32: first how many bits they have, then these bits from the top. */
export class NumberModel {
  /** Hashes of what the next number may depend on, the most general first; set by the caller. */
  readonly contexts: Int32Array;
  readonly #mixer: ContextMixer;

  /** With so many contexts, and so many kinds of numbers that weights are learnt for. */
  constructor(contexts: number, kinds: number) {
    this.contexts = new Int32Array(contexts);
    this.#mixer = new ContextMixer({
      contexts,
      slotBits: SLOT_BITS,
      sets: [kinds * FIRST_SETS, kinds * SECOND_SETS],
      rate: 24,
      limit: 20,
    });
  }

  /** Forgets everything; its table is smaller by `shift` bits from now on. */
  reset(shift: number): void {
    this.#mixer.reset(shift);
  }

  /** Codes a number; a decoder ignores `value`. */
  code(coder: BinaryCoder, value: number, kind: number): number {
    const bits = bitLength(value);
    let node = 1;
    for (let i = LENGTH_DECISIONS - 1; i >= 0; i--) {
      this.#choose(node);
      const first = kind * FIRST_SETS + i;
      const second = kind * SECOND_SETS + node;
      node = 2 * node + this.#mixer.code(coder, (bits >>> i) & 1, first, second);
    }
    const length = Math.min(node - 64, 32);
    if (length < 2) return length;
    let number = 1;
    for (let i = length - 2; i >= 0; i--) {
      const before = length - 2 - i;
      this.#choose((number << 6) + length + 0x1000);
      // Low bits of a long number hardly depend on the high ones.
      if (before >= LEADING_BITS) {
        this.#mixer.index[0] = hash2(length, 0x2000 + i) & this.#mixer.mask;
      }
      const first = kind * FIRST_SETS + LENGTH_DECISIONS + Math.min(before, LEADING_BITS);
      const second = kind * SECOND_SETS + 64 + length;
      number = 2 * number + this.#mixer.code(coder, (value >>> i) & 1, first, second);
    }
    return number >>> 0;
  }

  #choose(place: number): void {
    const { index, mask } = this.#mixer;
    const { contexts } = this;
    for (let k = 0; k < index.length; k++) {
      index[k] = hash2(contexts[k] as number, place + (k << 27)) & mask;
    }
  }
}
