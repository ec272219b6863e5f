import type { AddressResolver } from "./address_resolver.ts";
import type { PairLayout, Region } from "./pair_layout.ts";
import { ShiftTable } from "./shift_table.ts";

/** The candidates, in order: what a 32-bit word of data may have become. */
const UNCHANGED = 0;
const POINTER = 1;
const SELF_RELATIVE = 2;
const NEAR_SHIFT = 3;
const FAR_SHIFT = 4;
const CANDIDATES = 5;
/** History entry of a word that no candidate predicted. */
const NONE = 7;

const CONTEXTS = 1 << 13;
const ROW = 8;

/**
 * Predicts 32-bit words of data. Up to five candidates are scored by how often each was right in the
 * same context: which candidates exist, which half of an eight-byte slot it is, and which candidates
 * were right for the last three words.
 */
export class WordPredictor {
  readonly #resolver: AddressResolver;
  readonly #scores = new Uint8Array(CONTEXTS * ROW);
  readonly #near = new ShiftTable(15);
  readonly #far = new ShiftTable(12);
  readonly #candidates = new Int32Array(CANDIDATES);
  #available = 0;
  #row = 0;
  #best = 0;
  #history = 0;
  #value = 0;
  /** What the chosen candidate points at, for learning; -1 when it is no address. */
  #pointee = 0;
  #selfPointee = 0;
  #hinted = false;

  /** Resolves addresses with `resolver`. */
  constructor(resolver: AddressResolver) {
    this.#resolver = resolver;
    this.reset();
  }

  /** Forgets what was learnt. */
  reset(): void {
    this.#scores.fill(60);
    for (let row = 0; row < this.#scores.length; row += ROW) this.#scores[row] = 70;
    this.#near.reset();
    this.#far.reset();
    this.#history = 0;
  }

  /**
   * The new value of the word at `offset` of the old file, which goes to `newAddress` (-1 when it is
   * not loaded). `old` holds the word at `at` and at least four bytes after it.
   */
  predict(
    pair: PairLayout,
    region: Region,
    offset: number,
    newAddress: number,
    old: DataView,
    at: number,
  ): number {
    const value = old.getInt32(at, true);
    const unsigned = value >>> 0;
    const candidates = this.#candidates;
    candidates[UNCHANGED] = value;
    let available = 1 << UNCHANGED;
    this.#value = value;
    this.#hinted = region.hint !== undefined &&
      ((region.hint.lanes >>> (((offset - region.hint.range.start) % region.hint.stride) >> 2)) &
          1) === 1;

    if (this.#hinted) {
      if (this.#predictHinted(pair, region, value)) available |= 1 << POINTER;
    } else {
      const base = pair.old.tables.base;
      const pointee = (unsigned - (base >>> 0)) >>> 0;
      if (
        pair.old.holds(pointee) && pointee >= pair.old.lowest + 0x400 &&
        ((offset & 7) !== 0 || old.getUint32(at + 4, true) === Math.floor(base / 2 ** 32))
      ) {
        this.#pointee = pointee;
        candidates[POINTER] = this.#resolver.resolve(pair, pointee) + (base >>> 0);
        available |= 1 << POINTER;
      }
    }
    if (unsigned > 0xfff && region.delta !== undefined && newAddress >= 0) {
      const pointee = offset + region.delta + value;
      if (pair.old.holds(pointee)) {
        this.#selfPointee = pointee;
        candidates[SELF_RELATIVE] = this.#resolver.resolve(pair, pointee) - newAddress;
        available |= 1 << SELF_RELATIVE;
      }
    }
    if (unsigned > 0xff) {
      let slot = this.#near.find(unsigned >>> 8);
      if (slot >= 0) {
        candidates[NEAR_SHIFT] = value + this.#near.shift(slot);
        available |= 1 << NEAR_SHIFT;
      }
      slot = this.#far.find(unsigned >>> 14);
      if (slot >= 0) {
        candidates[FAR_SHIFT] = value + this.#far.shift(slot);
        available |= 1 << FAR_SHIFT;
      }
    }
    this.#available = available;
    const context = (available & 7) | ((offset & 4) << 1) | (this.#history << 4);
    this.#row = context * ROW;
    return this.#choose();
  }

  /** Hints say how the word points; learning from it would mislead what is not hinted. */
  #predictHinted(pair: PairLayout, region: Region, value: number): boolean {
    const hint = region.hint;
    if (hint === undefined) return false;
    if (hint.mode === "address") {
      this.#candidates[POINTER] = this.#resolver.resolve(pair, hint.oldBase + value) - hint.newBase;
      return true;
    }
    const moved = this.#resolver.moved(hint.oldBase + (value >>> 0));
    this.#candidates[POINTER] = moved - hint.newBase;
    return moved >= 0;
  }

  #choose(): number {
    const scores = this.#scores;
    const row = this.#row;
    let best = UNCHANGED;
    let bestScore = scores[row] as number;
    for (let k = 1, left = this.#available >> 1; left !== 0; k++, left >>= 1) {
      const score = scores[row + k] as number;
      if ((left & 1) === 1 && score > bestScore) {
        best = k;
        bestScore = score;
      }
    }
    this.#best = best;
    return this.#candidates[best] as number;
  }

  /** Learns that the word last predicted for `newAddress` is `actual`. */
  update(pair: PairLayout, newAddress: number, actual: number): void {
    const scores = this.#scores;
    const row = this.#row;
    let first = NONE;
    for (let k = 0, left = this.#available; left !== 0; k++, left >>= 1) {
      if ((left & 1) === 0) continue;
      const score = scores[row + k] as number;
      if (this.#candidates[k] === actual) {
        scores[row + k] = score + ((255 - score) >> 3);
        if (first === NONE) first = k;
      } else {
        scores[row + k] = score - (score >> 2);
      }
    }
    this.#history = ((this.#history << 3) | first) & 0x1ff;
    const unsigned = this.#value >>> 0;
    if (unsigned > 0xff) {
      const shift = (actual - this.#value) | 0;
      this.#near.learn(unsigned >>> 8, shift);
      this.#far.learn(unsigned >>> 14, shift);
    }
    if (this.#hinted) return;
    if (this.#has(POINTER) && (this.#best === POINTER || first === POINTER)) {
      this.#resolver.learn(pair, this.#pointee, (actual - (pair.old.tables.base >>> 0)) >>> 0);
    } else if (
      this.#has(SELF_RELATIVE) && (this.#best === SELF_RELATIVE || first === SELF_RELATIVE)
    ) {
      this.#resolver.learn(pair, this.#selfPointee, newAddress + actual);
    }
  }

  #has(candidate: number): boolean {
    return ((this.#available >> candidate) & 1) === 1;
  }
}
