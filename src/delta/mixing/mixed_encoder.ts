import type { Neighbourhood, ResidualCoder } from "../residual_coder.ts";
import { BinaryEncoder } from "./binary_coder.ts";
import { bytesAround, bytesBefore } from "./guess_contexts.ts";
import { NEAR_TOKENS, NEIGHBOURHOOD_BYTES, tableShift } from "./limits.ts";
import { LiteralModel } from "./literal_model.ts";
import { ReferenceMemory } from "./reference_memory.ts";
import { KIND, type Kind, TokenModel } from "./token_model.ts";

/** Compares guesses with the new file, which `output` holds already, and codes what differs by mixed contexts. */
export class MixedEncoder implements ResidualCoder {
  readonly neighbourhood = NEIGHBOURHOOD_BYTES;
  readonly #tokens = new TokenModel();
  readonly #references = new ReferenceMemory();
  readonly #literals = new LiteralModel();
  readonly #tokenCoder = new BinaryEncoder();
  readonly #literalCoder = new BinaryEncoder();
  /** Right guesses since the last wrong one. */
  #right = 0;
  #wrong = 0;

  /** Starts a segment of `length` bytes. */
  start(length: number): void {
    const shift = tableShift(length);
    this.#tokens.reset(shift);
    this.#references.reset(shift);
    this.#literals.reset(shift);
    this.#right = 0;
    this.#wrong = 0;
  }

  /** Wrong guesses in this segment. */
  get wrong(): number {
    return this.#wrong;
  }

  /** Ends a segment and returns what is stored of it. */
  finish(): { tokens: Uint8Array<ArrayBuffer>; literals: Uint8Array<ArrayBuffer> } {
    if (this.#right >= NEAR_TOKENS) this.#endRun();
    return { tokens: this.#tokenCoder.finish(), literals: this.#literalCoder.finish() };
  }

  literals(output: Uint8Array, at: number, count: number, near?: Neighbourhood): void {
    this.#literals.code(this.#literalCoder, output, at, count, near);
  }

  bytes(guess: Uint8Array, from: number, output: Uint8Array, at: number, count: number): void {
    const settled = guess === output;
    for (let i = 0; i < count; i++) {
      const expected = guess[from + i] as number;
      const difference = ((output[at + i] as number) - expected) & 0xff;
      const around = settled ? expected : bytesAround(guess, from + i);
      if (this.#isRight(difference === 0, KIND.byte, around, at + i)) continue;
      const before = bytesBefore(output, at + i);
      this.#tokens.byte(this.#tokenCoder, difference, KIND.byte, expected, before, at + i);
    }
  }

  reference(guess: number, output: DataView, at: number): number {
    const actual = output.getInt32(at, true);
    const earlier = this.#references.recall(guess, at);
    this.#number(KIND.reference, guess, actual, output, at, earlier);
    this.#references.learn(guess, at, actual);
    return actual;
  }

  word(guess: number, output: DataView, at: number): number {
    const actual = output.getInt32(at, true);
    this.#number(KIND.word, guess, actual, output, at, 0);
    return actual;
  }

  operand(guess: Uint8Array, output: Uint8Array, at: number): boolean {
    const right = guess.every((byte, i) => byte === output[at + i]);
    if (this.#isRight(right, KIND.operand, guess[0] as number, at)) return true;
    for (let i = 0; i < guess.length; i++) {
      const expected = guess[i] as number;
      const difference = ((output[at + i] as number) - expected) & 0xff;
      const before = bytesBefore(output, at + i);
      this.#tokens.byte(this.#tokenCoder, difference, KIND.operand, expected, before, i);
    }
    return false;
  }

  #number(
    kind: typeof KIND.reference | typeof KIND.word,
    guess: number,
    actual: number,
    output: DataView,
    at: number,
    earlier: number,
  ): void {
    const difference = (actual - guess) | 0;
    if (this.#isRight(difference === 0, kind, guess, at)) return;
    const zigzag = ((difference << 1) ^ (difference >> 31)) >>> 0;
    const before = at >= 2 ? output.getUint16(at - 2, true) : 0;
    this.#tokens.number(this.#tokenCoder, zigzag, kind, guess, before, earlier);
  }

  #isRight(right: boolean, kind: Kind, guess: number, at: number): boolean {
    if (this.#right < NEAR_TOKENS) {
      this.#tokens.flag(this.#tokenCoder, right ? 0 : 1, kind, guess, at);
    } else if (!right) this.#endRun();
    if (!right) this.#wrong++;
    this.#right = right ? this.#right + 1 : 0;
    return right;
  }

  #endRun(): void {
    this.#tokens.run(this.#tokenCoder, this.#right - NEAR_TOKENS);
  }
}
