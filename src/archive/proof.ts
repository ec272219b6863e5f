import { ARCHIVE_LIMITS } from "../limits.ts";
import { type DeflateBudget, deflateWork } from "./deflate_budget.ts";
import { Deflater, type DeflateSettings } from "./deflater.ts";
import type { DeflateStep } from "./recipe.ts";

/**
 * Deflates content as it comes and compares what it makes with the stream that it came from, byte for
 * byte, until they differ, the budget of the archive is spent, or the stream ends.
 */
export class Proof {
  readonly #settings: DeflateSettings;
  readonly #deflater: Deflater;
  #contentBytes = 0;
  #proved = 0;
  /** Of the stream, not compared yet. */
  #pending: Uint8Array[] = [];
  readonly #budget: DeflateBudget;
  #failed = false;

  /** Proves that `settings` make a stream. */
  constructor(settings: DeflateSettings, budget: DeflateBudget) {
    this.#settings = settings;
    this.#budget = budget;
    this.#deflater = new Deflater(settings);
  }

  /** False once the rest of the stream is not made by these settings. */
  get holds(): boolean {
    return !this.#failed;
  }

  /**
   * Takes the next of the stream and what it decodes to; yields how much of the latter is of the step, each
   * piece when it was compared. To be read to its end.
   */
  *push(compressed: Uint8Array, content: readonly Uint8Array[]): Generator<Uint8Array> {
    this.#pending.push(compressed);
    for (const piece of content) {
      this.#checkCost(piece.length);
      if (this.#failed) return;
      this.#contentBytes += piece.length;
      const work = deflateWork(this.#settings, piece.length);
      this.#compare(this.#budget.measure(work, () => this.#deflater.push(piece)));
      yield piece;
    }
  }

  /** Ends the proof: the step that makes what was proved, and what of the stream it does not make. */
  end(): { readonly step: DeflateStep; readonly rest: readonly Uint8Array[] } {
    if (!this.#failed) this.#compare(this.#deflater.finish());
    const settings = this.#settings;
    const step: DeflateStep = {
      kind: "deflate",
      settings,
      contentBytes: this.#contentBytes,
      bytes: this.#proved,
    };
    return { step, rest: this.#pending };
  }

  #checkCost(next: number): void {
    const { expansion, slackBytes } = ARCHIVE_LIMITS;
    const bomb = this.#contentBytes + next > expansion * this.#proved + slackBytes;
    if (bomb || this.#budget.isSpent) this.#failed = true;
  }

  #compare(made: readonly Uint8Array[]): void {
    for (const piece of made) {
      for (let at = 0; at < piece.length && !this.#failed;) {
        const expected = this.#pending[0];
        if (expected === undefined) {
          this.#failed = true;
          break;
        }
        const count = Math.min(expected.length, piece.length - at);
        let same = 0;
        while (same < count && piece[at + same] === expected[same]) same++;
        at += same;
        this.#proved += same;
        if (same === expected.length) this.#pending.shift();
        else this.#pending[0] = expected.subarray(same);
        if (same < count) this.#failed = true;
      }
    }
  }
}
