import type { Neighbourhood, SegmentDecoder } from "../residual_coder.ts";
import { BinaryDecoder } from "./binary_coder.ts";
import { bytesAround, bytesBefore } from "./guess_contexts.ts";
import { mostCostly, NEAR_TOKENS, NEIGHBOURHOOD_BYTES, tableShift } from "./limits.ts";
import { LiteralModel } from "./literal_model.ts";
import { malformedSegment } from "./malformed_segment.ts";
import { ReferenceMemory } from "./reference_memory.ts";
import { KIND, type Kind, TokenModel } from "./token_model.ts";

/** Reads the streams of segments and writes the new file to `output`. */
export class MixedDecoder implements SegmentDecoder {
  readonly neighbourhood = NEIGHBOURHOOD_BYTES;
  readonly #tokens = new TokenModel();
  readonly #references = new ReferenceMemory();
  readonly #literals = new LiteralModel();
  #tokenCoder = new BinaryDecoder(new Uint8Array(0));
  #literalCoder = new BinaryDecoder(new Uint8Array(0));
  /** Literal bytes that may still come. */
  #literalBudget = 0;
  /** Wrong guesses that may still come. */
  #wrongBudget = 0;
  /** Right guesses since the last wrong one, as long as they are flagged each. */
  #near = 0;
  /** Right guesses after those, before the next wrong one. */
  #far = 0;
  /** Bytes read for each kind of guess, and for literals. */
  readonly #read = { byte: 0, reference: 0, word: 0, literal: 0 };
  #tokensRead = 0;

  /** Starts a segment that makes `length` bytes. */
  start(tokens: Uint8Array, literals: Uint8Array, length: number): void {
    const shift = tableShift(length);
    this.#tokens.reset(shift);
    this.#references.reset(shift);
    this.#literals.reset(shift);
    this.#tokenCoder = new BinaryDecoder(tokens);
    this.#literalCoder = new BinaryDecoder(literals);
    this.#literalBudget = mostCostly(length);
    this.#wrongBudget = mostCostly(length);
    this.#near = 0;
    this.#far = 0;
    Object.assign(this.#read, { byte: 0, reference: 0, word: 0, literal: 0 });
    this.#tokensRead = 0;
  }

  /** Whether guesses are right is no stream of its own here: it counts for their kind. */
  consumed(): [run: number, byte: number, reference: number, word: number, literal: number] {
    const { byte, reference, word, literal } = this.#read;
    return [0, byte, reference, word, literal];
  }

  finish(): void {
    if (this.#far !== 0) throw malformedSegment("its last run is too long");
    if (!this.#tokenCoder.ended || !this.#literalCoder.ended) {
      throw malformedSegment("a stream is too long");
    }
  }

  literals(output: Uint8Array, at: number, count: number, near?: Neighbourhood): void {
    this.#literalBudget -= count;
    if (this.#literalBudget < 0) {
      throw malformedSegment("it has too many literal bytes for this coding");
    }
    this.#literals.code(this.#literalCoder, output, at, count, near);
    this.#read.literal = this.#literalCoder.consumed;
  }

  bytes(guess: Uint8Array, from: number, output: Uint8Array, at: number, count: number): void {
    this.#bytes(guess, from, output, at, count);
    this.#charge("byte");
  }

  #bytes(guess: Uint8Array, from: number, output: Uint8Array, at: number, count: number): void {
    const settled = guess === output;
    for (let i = 0; i < count; i++) {
      const right = Math.min(this.#far, count - i);
      if (right > 0) {
        for (const end = i + right; i < end; i++) output[at + i] = guess[from + i] as number;
        this.#far -= right;
        if (i === count) return;
      }
      const expected = guess[from + i] as number;
      output[at + i] = expected;
      const around = settled ? expected : bytesAround(guess, from + i);
      if (this.#isRight(KIND.byte, around, at + i)) continue;
      const before = bytesBefore(output, at + i);
      output[at + i] = expected +
        this.#difference(KIND.byte, expected, before, at + i);
    }
  }

  reference(guess: number, output: DataView, at: number): number {
    const earlier = this.#references.recall(guess, at);
    const actual = this.#number(KIND.reference, guess, output, at, earlier);
    this.#references.learn(guess, at, actual);
    this.#charge("reference");
    return actual;
  }

  word(guess: number, output: DataView, at: number): number {
    const actual = this.#number(KIND.word, guess, output, at, 0);
    this.#charge("word");
    return actual;
  }

  operand(guess: Uint8Array, output: Uint8Array, at: number): boolean {
    output.set(guess, at);
    const right = this.#isRight(KIND.operand, guess[0] as number, at);
    for (let i = 0; !right && i < guess.length; i++) {
      const expected = guess[i] as number;
      const before = bytesBefore(output, at + i);
      output[at + i] = expected +
        this.#difference(KIND.operand, expected, before, i);
    }
    this.#charge("reference");
    return right;
  }

  #charge(kind: "byte" | "reference" | "word"): void {
    const now = this.#tokenCoder.consumed;
    this.#read[kind] += now - this.#tokensRead;
    this.#tokensRead = now;
  }

  #number(
    kind: typeof KIND.reference | typeof KIND.word,
    guess: number,
    output: DataView,
    at: number,
    earlier: number,
  ): number {
    let actual = guess | 0;
    if (!this.#isRight(kind, guess, at)) {
      const before = at >= 2 ? output.getUint16(at - 2, true) : 0;
      const zigzag = this.#tokens.number(this.#tokenCoder, 0, kind, guess, before, earlier);
      actual = (actual + ((zigzag >>> 1) ^ -(zigzag & 1))) | 0;
    }
    output.setInt32(at, actual, true);
    return actual;
  }

  #isRight(kind: Kind, guess: number, at: number): boolean {
    if (this.#near === NEAR_TOKENS) {
      if (this.#far > 0) {
        this.#far--;
        return true;
      }
      return this.#wrong();
    }
    if (this.#tokens.flag(this.#tokenCoder, 0, kind, guess, at) === 1) return this.#wrong();
    this.#near++;
    if (this.#near === NEAR_TOKENS) this.#far = this.#tokens.run(this.#tokenCoder, 0);
    return true;
  }

  #wrong(): false {
    this.#near = 0;
    this.#wrongBudget--;
    if (this.#wrongBudget < 0) {
      throw malformedSegment("it has too many wrong guesses for this coding");
    }
    return false;
  }

  /** A difference of bytes, which its coding could make greater. */
  #difference(
    kind: typeof KIND.byte | typeof KIND.operand,
    guess: number,
    before: number,
    at: number,
  ): number {
    const difference = this.#tokens.byte(this.#tokenCoder, 0, kind, guess, before, at);
    if (difference > 0xff) throw malformedSegment("a byte differs by more than a byte");
    return difference;
  }
}
