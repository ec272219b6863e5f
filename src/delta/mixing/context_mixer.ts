import type { BinaryCoder } from "./binary_coder.ts";
import { SQUASH, STRETCH, STRETCH_MAX } from "./logistic.ts";

/** A counter that has seen nothing: a probability of a half in the upper 22 bits, a count of 0 in the lower 10. */
const UNSEEN = 2 ** 31 | 0;

/** How far a counter moves at its n-th decision, of 65,536. */
const STEP = Int32Array.from({ length: 1024 }, (_, n) => Math.floor(131_072 / (2 * n + 3)));

/** Least and most probability that is coded, of 65,536. */
const P_MIN = 24;
const P_MAX = 65_512;

/** The constant input: what is more probable whatever the contexts say. */
const BIAS = 256;

const FIRST_WEIGHT = 0.3;

/** Weights that were this near to right, of 65,536, stay: most decisions are nearly certain. */
const SMALL_ERROR = 1024;

/** The shape of a {@linkcode ContextMixer}. */
export interface MixerShape {
  /** Contexts that predict each decision. */
  readonly contexts: number;
  /** Counters that all contexts share at most, as a power of two. */
  readonly slotBits: number;
  /** Sets of weights of the first mixer and of the second, of which the caller selects one for a decision. */
  readonly sets: readonly [first: number, second: number];
  /** How fast weights follow. */
  readonly rate: number;
  /** Decisions after which a counter moves no slower; at most 1023. */
  readonly limit: number;
}

/**
 * Predicts decisions from counters that contexts choose, and mixes these predictions by weights that it
 * learns (Mahoney, "Adaptive Weighing of Context Models for Lossless Data Compression", 2005). Two mixers,
 * each with weights of its own for what the caller selects, the first also for how many contexts have been seen
 * before, are averaged.
 *
 * All arithmetic is that of integers and IEEE 754 binary64, in a fixed order, so that encoder and decoder
 * agree on every runtime.
 */
export class ContextMixer {
  /** The counter of each context for the next decision, up to the mask; set by the caller. */
  readonly index: Int32Array;
  readonly #contexts: number;
  readonly #counters: Int32Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #inputs: Int32Array;
  readonly #rate: number;
  readonly #limit: number;
  readonly #slotBits: number;
  #mask = 0;

  /** Nothing learnt. */
  constructor({ contexts, slotBits, sets, rate, limit }: MixerShape) {
    const inputs = contexts + 1;
    this.#contexts = contexts;
    this.index = new Int32Array(contexts);
    this.#counters = new Int32Array(2 ** slotBits);
    this.#first = new Float64Array(inputs * sets[0] * (contexts + 1));
    this.#second = new Float64Array(inputs * sets[1]);
    this.#inputs = new Int32Array(inputs);
    this.#inputs[contexts] = BIAS;
    this.#rate = rate / 2 ** 34;
    this.#limit = limit;
    this.#slotBits = slotBits;
    this.reset(0);
  }

  /** The greatest index of a counter: one less than a power of two. */
  get mask(): number {
    return this.#mask;
  }

  /** Forgets everything; uses a table that is smaller by `shift` bits from now on. */
  reset(shift: number): void {
    this.#mask = 2 ** (this.#slotBits - shift) - 1;
    this.#counters.fill(UNSEEN, 0, this.#mask + 1);
    this.#first.fill(FIRST_WEIGHT);
    this.#second.fill(FIRST_WEIGHT);
  }

  /** Codes one decision by {@linkcode ContextMixer.index} and the selected weights. */
  code(coder: BinaryCoder, bit: number, firstSet: number, secondSet: number): number {
    const contexts = this.#contexts;
    const counters = this.#counters;
    const inputs = this.#inputs;
    const index = this.index;
    let seen = 0;
    for (let i = 0; i < contexts; i++) {
      const counter = counters[index[i] as number] as number;
      inputs[i] = STRETCH[counter >>> 20] as number;
      if ((counter & 1023) !== 0) seen++;
    }
    const first = this.#first;
    const second = this.#second;
    const a = (firstSet * (contexts + 1) + seen) * (contexts + 1);
    const b = secondSet * (contexts + 1);
    let sumA = 0;
    let sumB = 0;
    for (let i = 0; i <= contexts; i++) {
      const x = inputs[i] as number;
      sumA += (first[a + i] as number) * x;
      sumB += (second[b + i] as number) * x;
    }
    const p = probability((sumA + sumB) / 2);
    const actual = coder.code(bit, p < P_MIN ? P_MIN : p > P_MAX ? P_MAX : p);
    const target = actual === 1 ? 65_536 : 0;
    const errorA = target - probability(sumA);
    const errorB = target - probability(sumB);
    if (errorA > SMALL_ERROR || errorA < -SMALL_ERROR) learn(first, a, inputs, errorA * this.#rate);
    if (errorB > SMALL_ERROR || errorB < -SMALL_ERROR) {
      learn(second, b, inputs, errorB * this.#rate);
    }
    const limit = this.#limit;
    const goal = actual === 1 ? 0x3f_ffff : 0;
    for (let i = 0; i < contexts; i++) {
      const at = index[i] as number;
      const counter = counters[at] as number;
      const count = counter & 1023;
      const from = counter >>> 10;
      const moved = from + Math.floor((goal - from) * (STEP[count] as number) / 65_536);
      counters[at] = (moved << 10) | (count < limit ? count + 1 : count);
    }
    return actual;
  }
}

function learn(weights: Float64Array, at: number, inputs: Int32Array, step: number): void {
  for (let i = 0; i < inputs.length; i++) {
    weights[at + i] = (weights[at + i] as number) + (inputs[i] as number) * step;
  }
}

/** The probability of a sum of weighted inputs. */
function probability(sum: number): number {
  const x = Math.trunc(sum);
  if (x > STRETCH_MAX) return SQUASH[2 * STRETCH_MAX] as number;
  return x < -STRETCH_MAX ? SQUASH[0] as number : SQUASH[x + STRETCH_MAX] as number;
}
