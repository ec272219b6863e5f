import { ShiftTable } from "./shift_table.ts";

/**
 * Guesses which index a function has now: modules number functions in order, so one that is added shifts
 * all that follow. State lasts for one segment.
 */
export class FunctionShifts {
  readonly #exact = new ShiftTable(15);
  readonly #near = new ShiftTable(12);
  #last = 0;

  /** Forgets what was learnt. */
  reset(): void {
    this.#exact.reset();
    this.#near.reset();
    this.#last = 0;
  }

  /** The new index of the function with the old `index`. */
  resolve(index: number): number {
    let slot = this.#exact.find(index);
    if (slot >= 0) return index + this.#exact.shift(slot);
    slot = this.#near.find(index >>> 3);
    return index + (slot >= 0 ? this.#near.shift(slot) : this.#last);
  }

  /** The function with the old `index` has the index `resolved` now. */
  learn(index: number, resolved: number): void {
    const shift = (resolved - index) | 0;
    this.#exact.learn(index, shift);
    this.#near.learn(index >>> 3, shift);
    this.#last = shift;
  }
}
