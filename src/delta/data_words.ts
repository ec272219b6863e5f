import { codeBytes, type RegionPredictor, type Stretch } from "./stretch.ts";
import type { WordPredictor } from "./word_predictor.ts";

/** Data: aligned words where both sides are aligned alike, else bytes. */
export class DataWords implements RegionPredictor {
  readonly #words: WordPredictor;

  /** Predicts words with `words`. */
  constructor(words: WordPredictor) {
    this.#words = words;
  }

  code(stretch: Stretch): number {
    const { coder, pair, region, old, at, offset, output, outputAt, newOffset, count } = stretch;
    // Loaded data is aligned in memory; in most formats that is the same as in the file.
    const oldPlace = offset + (region.delta ?? 0);
    const newStart = pair.new.addressOf(newOffset);
    const newPlace = newStart < 0 ? newOffset : newStart;
    const lead = Math.min(count, -oldPlace & 3);
    const words = (oldPlace - newPlace) % 4 === 0 ? (count - lead) >> 2 : 0;
    const end = lead + 4 * words;
    codeBytes(stretch, 0, lead);
    for (let i = lead; i < end; i += 4) {
      const newAddress = pair.new.addressOf(newOffset + i);
      const guess = this.#words.predict(pair, region, offset + i, newAddress, old.view, at + i);
      const actual = coder.word(guess, output.view, outputAt + i);
      this.#words.update(pair, newAddress, actual);
    }
    codeBytes(stretch, end, count);
    return count;
  }
}
