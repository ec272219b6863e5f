import type { BinaryCoder } from "./binary_coder.ts";
import { bitLength } from "./bit_length.ts";
import { ContextMixer } from "./context_mixer.ts";
import { hash2 } from "./hash.ts";
import { NumberModel } from "./number_model.ts";

/** Kinds of guesses. */
export const KIND = { byte: 0, reference: 1, word: 2, operand: 3 } as const;

/** One of {@linkcode KIND}. */
export type Kind = (typeof KIND)[keyof typeof KIND];

const FLAG_CONTEXTS = 7;
const FLAG_BITS = 20;

/** Codes which guesses are wrong, and by how much, from what was guessed and how guesses went lately. */
export class TokenModel {
  readonly #flags = new ContextMixer({
    contexts: FLAG_CONTEXTS,
    slotBits: FLAG_BITS,
    sets: [4, 256],
    rate: 10,
    limit: 250,
  });
  readonly #runs = new NumberModel(5, 4);
  readonly #bytes = new NumberModel(8, 2);
  readonly #numbers = new NumberModel(9, 2);
  /** One bit for each of the last flagged guesses, 1 for a wrong one; the last is the lowest. */
  #history = 0;
  #lastKind: Kind = KIND.byte;
  #lastRun = 0;
  #lastDifference = 0;
  readonly #lastBytes = new Int32Array(2);
  readonly #lastNumbers = new Int32Array(6);

  /** Forgets everything; its tables are smaller by `shift` bits from now on. */
  reset(shift: number): void {
    this.#flags.reset(shift);
    this.#runs.reset(shift);
    this.#bytes.reset(shift);
    this.#numbers.reset(shift);
    this.#history = 0;
    this.#lastKind = KIND.byte;
    this.#lastRun = 0;
    this.#lastDifference = 0;
    this.#lastBytes.fill(0);
    this.#lastNumbers.fill(0);
  }

  /**
   * Whether a guess is wrong.
   *
   * @param guess what was guessed: a byte and, from its second on, those before and the one after it; or 32 bits
   * @param at where in the segment
   */
  flag(coder: BinaryCoder, wrong: number, kind: Kind, guess: number, at: number): number {
    const { index, mask } = this.#flags;
    const past = this.#history;
    const one = guess & 0xff;
    index[0] = hash2(1, (past & 0xff) | (kind << 8)) & mask;
    index[1] = hash2(2, (guess & 0xffff) | ((past & 1) << 16) | (kind << 17)) & mask;
    index[2] = hash2(3 + kind, (guess & 0xff_ffff) | ((past & 1) << 24)) & mask;
    index[3] = hash2(7 + kind, (guess & 0xff00_ffff) ^ ((past & 3) << 16)) & mask;
    index[4] = hash2(11 + kind, (past & 0xfff) | (one << 12)) & mask;
    index[5] = hash2(15 + kind, (past & 0xffff) | ((at & 3) << 16)) & mask;
    index[6] = hash2(19 + kind, guess) & mask;
    const actual = this.#flags.code(coder, wrong, kind, (past & 63) | (kind << 6));
    this.#history = (past << 1) | actual;
    return actual;
  }

  /** How many guesses are right after those that are flagged; the next one is wrong. */
  run(coder: BinaryCoder, value: number): number {
    const c = this.#runs.contexts;
    const kind = this.#lastKind;
    c[0] = kind;
    c[1] = hash2(1, kind | (bitLength(this.#lastRun) << 4));
    c[2] = hash2(2, kind | (Math.min(this.#lastRun, 4095) << 4));
    c[3] = hash2(3, kind | (this.#lastDifference << 2));
    c[4] = hash2(4, kind | ((this.#history & 0xfff) << 2));
    const run = this.#runs.code(coder, value, kind);
    this.#lastRun = run;
    this.#history = 1;
    return run;
  }

  /**
   * The difference of a wrong byte, modulo 256.
   *
   * @param before the two bytes of the new file before it, the nearer in the lower bits
   * @param at where in the segment, or in the operand
   */
  byte(
    coder: BinaryCoder,
    difference: number,
    kind: typeof KIND.byte | typeof KIND.operand,
    guess: number,
    before: number,
    at: number,
  ): number {
    const c = this.#bytes.contexts;
    const operand = kind === KIND.operand ? 1 : 0;
    const [d1, d2] = this.#lastBytes as unknown as [number, number];
    c[0] = operand;
    c[1] = hash2(1, (d1 << 1) | operand);
    c[2] = hash2(2, d1 | (d2 << 8));
    c[3] = hash2(3, guess | ((at & 3) << 8));
    c[4] = hash2(4, guess | (d1 << 8));
    c[5] = hash2(5, guess | ((before & 0xff) << 8) | (operand << 16));
    c[6] = hash2(6, d1 | ((this.#history & 0xff) << 8) | (d2 << 16));
    c[7] = hash2(7, before | (guess << 16));
    const actual = this.#bytes.code(coder, difference, operand);
    this.#lastBytes[1] = d1;
    this.#lastBytes[0] = actual;
    this.#ended(kind, actual);
    return actual;
  }

  /**
   * The difference of a wrong reference or word, zigzag.
   *
   * @param before the two bytes of the new file before it
   * @param earlier what the same guess would have had to be told last time, or 0
   */
  number(
    coder: BinaryCoder,
    difference: number,
    kind: typeof KIND.reference | typeof KIND.word,
    guess: number,
    before: number,
    earlier: number,
  ): number {
    const c = this.#numbers.contexts;
    const last = this.#lastNumbers;
    const row = 3 * (kind - KIND.reference);
    const z1 = last[row] as number;
    const z2 = last[row + 1] as number;
    c[0] = kind;
    c[1] = hash2(1, kind | (bitLength(z1) << 2) | (bitLength(z2) << 8));
    c[2] = hash2(hash2(2, z1), kind);
    c[3] = hash2(hash2(3, z1), z2);
    c[4] = hash2(4, kind | (before << 2));
    c[5] = hash2(5, kind | (bitLength(guess) << 2) | ((this.#history & 0xff) << 8));
    c[6] = kind === KIND.reference ? hash2(6, earlier) : hash2(7, guess);
    c[7] = hash2(hash2(8, z1), (this.#history & 0xff) | (this.#lastKind << 8));
    c[8] = hash2(hash2(9, z1), hash2(z2, last[row + 2] as number));
    const actual = this.#numbers.code(coder, difference, kind - KIND.reference);
    last[row + 2] = z2;
    last[row + 1] = z1;
    last[row] = actual;
    this.#ended(kind, actual);
    return actual;
  }

  #ended(kind: Kind, difference: number): void {
    this.#lastKind = kind;
    this.#lastDifference = difference;
  }
}
