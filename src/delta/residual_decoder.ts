import { BrecciaError } from "../errors.ts";
import type { SegmentDecoder } from "./residual_coder.ts";

/** A stream that is read to its end and no further. */
class ByteSource {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  /** Bytes read so far. */
  get consumed(): number {
    return this.#at;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw malformed(`its ${this.#name} stream ends too early`);
    return this.#bytes[this.#at++] as number;
  }

  /** An unsigned LEB128 number under 2^32. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.byte();
    if (last > 0x0f) throw malformed(`a number in its ${this.#name} stream has no end`);
    return (value | (last << 28)) >>> 0;
  }

  take(count: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + count);
    if (bytes.length < count) throw malformed(`its ${this.#name} stream ends too early`);
    this.#at += count;
    return bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed(`its ${this.#name} stream is too long`);
  }
}

/** Reads the five streams of a segment and writes the new file to `output`. */
export class ResidualDecoder implements SegmentDecoder {
  readonly neighbourhood = 0;
  readonly #run: ByteSource;
  readonly #byte: ByteSource;
  readonly #reference: ByteSource;
  readonly #word: ByteSource;
  readonly #literal: ByteSource;
  /** Right guesses before the next wrong one. */
  #left: number;

  /** Reads the streams in stored order. */
  constructor(
    run: Uint8Array,
    byte: Uint8Array,
    reference: Uint8Array,
    word: Uint8Array,
    literal: Uint8Array,
  ) {
    this.#run = new ByteSource(run, "run");
    this.#byte = new ByteSource(byte, "byte");
    this.#reference = new ByteSource(reference, "reference");
    this.#word = new ByteSource(word, "word");
    this.#literal = new ByteSource(literal, "literal");
    this.#left = this.#run.varint();
  }

  finish(): void {
    if (this.#left !== 0) throw malformed("its last run is too long");
    for (const s of [this.#run, this.#byte, this.#reference, this.#word, this.#literal]) s.end();
  }

  consumed(): [run: number, byte: number, reference: number, word: number, literal: number] {
    return [
      this.#run.consumed,
      this.#byte.consumed,
      this.#reference.consumed,
      this.#word.consumed,
      this.#literal.consumed,
    ];
  }

  literals(output: Uint8Array, at: number, count: number): void {
    output.set(this.#literal.take(count), at);
  }

  bytes(guess: Uint8Array, from: number, output: Uint8Array, at: number, count: number): void {
    let i = 0;
    while (true) {
      const right = Math.min(this.#left, count - i);
      copyForward(guess, from + i, output, at + i, right);
      i += right;
      this.#left -= right;
      if (i === count) return;
      output[at + i] = (guess[from + i] as number) + this.#byte.byte();
      i++;
      this.#left = this.#run.varint();
    }
  }

  reference(guess: number, output: DataView, at: number): number {
    return this.#number(this.#reference, guess, output, at);
  }

  word(guess: number, output: DataView, at: number): number {
    return this.#number(this.#word, guess, output, at);
  }

  operand(guess: Uint8Array, output: Uint8Array, at: number): boolean {
    output.set(guess, at);
    if (this.#left > 0) {
      this.#left--;
      return true;
    }
    for (let i = 0; i < guess.length; i++) output[at + i]! += this.#reference.byte();
    this.#left = this.#run.varint();
    return false;
  }

  #number(stream: ByteSource, guess: number, output: DataView, at: number): number {
    let actual = guess | 0;
    if (this.#left === 0) {
      const zigzag = stream.varint();
      actual = (actual + ((zigzag >>> 1) ^ -(zigzag & 1))) | 0;
      this.#left = this.#run.varint();
    } else {
      this.#left--;
    }
    output.setInt32(at, actual, true);
    return actual;
  }
}

/** Copies byte by byte where the ranges overlap, so that a short period repeats itself. */
function copyForward(
  from: Uint8Array,
  start: number,
  to: Uint8Array,
  at: number,
  count: number,
): void {
  if (count > 32 && (from !== to || start + count <= at)) {
    to.set(from.subarray(start, start + count), at);
  } else {
    for (let i = 0; i < count; i++) to[at + i] = from[start + i] as number;
  }
}

function malformed(why: string): BrecciaError {
  return new BrecciaError(
    "delta-malformed",
    `Cannot decode a segment of the delta: ${why}; fetch it again or update without it`,
  );
}
