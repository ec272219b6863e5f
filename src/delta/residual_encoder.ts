import { ByteSink } from "./byte_sink.ts";
import { STREAM_NAMES, type StreamName } from "./head.ts";
import type { ResidualCoder } from "./residual_coder.ts";

/** Compares guesses with the new file, which `output` holds already, and writes the five streams. */
export class ResidualEncoder implements ResidualCoder {
  readonly neighbourhood = 0;
  readonly #streams: Record<StreamName, ByteSink> = {
    run: new ByteSink(),
    byte: new ByteSink(),
    reference: new ByteSink(),
    word: new ByteSink(),
    literal: new ByteSink(),
  };
  /** Right guesses since the last wrong one. */
  #right = 0;

  /** Starts a segment. */
  start(): void {
    for (const name of STREAM_NAMES) this.#streams[name].clear();
    this.#right = 0;
  }

  /** Ends a segment and returns its streams in stored order, valid until the next one starts. */
  finish(): Uint8Array[] {
    this.#streams.run.varint(this.#right);
    return STREAM_NAMES.map((name) => this.#streams[name].view());
  }

  literals(output: Uint8Array, at: number, count: number): void {
    this.#streams.literal.append(output.subarray(at, at + count));
  }

  bytes(guess: Uint8Array, from: number, output: Uint8Array, at: number, count: number): void {
    let right = this.#right;
    for (let i = 0; i < count; i++) {
      const difference = (output[at + i] as number) - (guess[from + i] as number);
      if (difference === 0) {
        right++;
      } else {
        this.#streams.run.varint(right);
        this.#streams.byte.byte(difference & 0xff);
        right = 0;
      }
    }
    this.#right = right;
  }

  reference(guess: number, output: DataView, at: number): number {
    return this.#number(this.#streams.reference, guess, output.getInt32(at, true));
  }

  word(guess: number, output: DataView, at: number): number {
    return this.#number(this.#streams.word, guess, output.getInt32(at, true));
  }

  operand(guess: Uint8Array, output: Uint8Array, at: number): boolean {
    if (guess.every((byte, i) => byte === output[at + i])) {
      this.#right++;
      return true;
    }
    this.#streams.run.varint(this.#right);
    for (let i = 0; i < guess.length; i++) {
      this.#streams.reference.byte((output[at + i] as number) - (guess[i] as number));
    }
    this.#right = 0;
    return false;
  }

  #number(stream: ByteSink, guess: number, actual: number): number {
    const difference = (actual - guess) | 0;
    if (difference === 0) {
      this.#right++;
    } else {
      this.#streams.run.varint(this.#right);
      stream.varint(((difference << 1) ^ (difference >> 31)) >>> 0);
      this.#right = 0;
    }
    return actual;
  }
}
