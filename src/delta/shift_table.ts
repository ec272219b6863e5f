const EMPTY = 0xffffffff;

/**
 * Remembers by how much the numbers of a neighbourhood were shifted last: direct-mapped, tagged, so a
 * collision forgets and never misleads. Shifts are signed 32-bit numbers and wrap.
 */
export class ShiftTable {
  readonly #keys: Uint32Array;
  readonly #shifts: Int32Array;
  readonly #drop: number;

  /** A table of `2 ** bits` entries. */
  constructor(bits: number) {
    this.#keys = new Uint32Array(1 << bits).fill(EMPTY);
    this.#shifts = new Int32Array(1 << bits);
    this.#drop = 32 - bits;
  }

  /** Slot of a remembered `key` (unsigned, under 2^32 - 1), or -1. */
  find(key: number): number {
    const slot = Math.imul(key, 0x9e3779b1) >>> this.#drop;
    return this.#keys[slot] === key ? slot : -1;
  }

  /** The shift in a slot that {@linkcode find} returned. */
  shift(slot: number): number {
    return this.#shifts[slot] as number;
  }

  /** Remembers `shift` for `key`. */
  learn(key: number, shift: number): void {
    const slot = Math.imul(key, 0x9e3779b1) >>> this.#drop;
    this.#keys[slot] = key;
    this.#shifts[slot] = shift;
  }

  /** Forgets everything. */
  reset(): void {
    this.#keys.fill(EMPTY);
  }
}
