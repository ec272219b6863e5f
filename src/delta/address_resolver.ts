import type { AddressMap } from "./address_map.ts";
import type { PairLayout } from "./pair_layout.ts";
import { ShiftTable } from "./shift_table.ts";

/** Guesses where an old address went, and learns from each answer. State lasts for one segment. */
export class AddressResolver {
  readonly #map: AddressMap;
  readonly #near = new ShiftTable(14);
  readonly #far = new ShiftTable(12);
  #last = 0;

  /** Answers by `map` first. */
  constructor(map: AddressMap) {
    this.#map = map;
  }

  /** Forgets what was learnt. */
  reset(): void {
    this.#near.reset();
    this.#far.reset();
    this.#last = 0;
  }

  /** The new address of what lay at the old `address` of an image pair. */
  resolve(pair: PairLayout, address: number): number {
    const offset = pair.old.offsetOf(address);
    if (offset >= 0) {
      const moved = this.#map.covering(offset);
      if (moved >= 0) {
        const resolved = pair.new.addressOf(moved);
        if (resolved >= 0) return resolved;
      }
    }
    let slot = this.#near.find(((address >>> 8) ^ pair.salt) >>> 0);
    if (slot >= 0) return address + this.#near.shift(slot);
    slot = this.#far.find(((address >>> 14) ^ pair.salt) >>> 0);
    if (slot >= 0) return address + this.#far.shift(slot);
    if (offset >= 0) {
      const moved = this.#map.nearest(offset);
      if (moved >= 0) {
        const resolved = pair.new.addressOf(moved);
        if (resolved >= 0) return resolved;
      }
    }
    return address + this.#last;
  }

  /** Where the old byte at `offset` of the file went, or -1. */
  moved(offset: number): number {
    return this.#map.covering(offset);
  }

  /** What lay at `address` lies at `resolved` now. */
  learn(pair: PairLayout, address: number, resolved: number): void {
    const shift = (resolved - address) | 0;
    this.#near.learn(((address >>> 8) ^ pair.salt) >>> 0, shift);
    this.#far.learn(((address >>> 14) ^ pair.salt) >>> 0, shift);
    this.#last = shift;
  }
}
