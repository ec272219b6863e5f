const TABLE_BITS = 16;

/** Remembers by how much references to the same place were wrong last. */
export class ReferenceMemory {
  readonly #differences = new Int32Array(2 ** TABLE_BITS);

  #down = 32 - TABLE_BITS;

  /** Forgets everything; its table is smaller by `shift` bits from now on. */
  reset(shift: number): void {
    this.#down = 32 - TABLE_BITS + shift;
    this.#differences.fill(0, 0, 2 ** (TABLE_BITS - shift));
  }

  /** The last difference for the place that `guess` means at `at`, or 0. */
  recall(guess: number, at: number): number {
    return this.#differences[hashOf(guess, at) >>> this.#down] as number;
  }

  /** `guess` at `at` should have been `actual`. */
  learn(guess: number, at: number, actual: number): void {
    this.#differences[hashOf(guess, at) >>> this.#down] = actual - guess;
  }
}

/** References are relative to where they stand, so that the sum names the place. */
function hashOf(guess: number, at: number): number {
  return Math.imul(guess + at, 0x9e3779b1);
}
