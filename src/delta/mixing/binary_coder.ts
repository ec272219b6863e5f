import { malformedSegment } from "./malformed_segment.ts";

/** Codes binary decisions, each with the probability that both sides give it. */
export interface BinaryCoder {
  /**
   * One decision.
   *
   * @param bit 0 or 1; a decoder ignores it
   * @param p how probable 1 is, of 65,536; from 1 to 65,535
   * @returns The decision.
   */
  code(bit: number, p: number): number;
}

/** Where the range is split: inside it for every range of 2 and more, as `p` is never 0 or 65,536. */
function split(low: number, high: number, p: number): number {
  const range = high - low;
  return low + (range >>> 16) * p + (((range & 0xffff) * p) >>> 16);
}

/** Writes decisions; a carry-less range coder of 32 bits. */
export class BinaryEncoder implements BinaryCoder {
  #low = 0;
  #high = 0xffff_ffff;
  #bytes = new Uint8Array(4096);
  #length = 0;

  code(bit: number, p: number): number {
    const middle = split(this.#low, this.#high, p);
    if (bit === 1) this.#high = middle;
    else this.#low = middle + 1;
    while (((this.#low ^ this.#high) & 0xff00_0000) === 0) {
      this.#push(this.#high >>> 24);
      this.#low = (this.#low << 8) >>> 0;
      this.#high = ((this.#high << 8) | 0xff) >>> 0;
    }
    return bit;
  }

  /** Ends the stream and returns its bytes; the coder is as new then. */
  finish(): Uint8Array<ArrayBuffer> {
    // One byte inside the range is enough: a decoder reads zeros after the end.
    const first = (this.#low >>> 24) + 1;
    if (this.#low > 0) this.#push(first);
    const bytes = this.#bytes.slice(0, this.#length);
    this.#low = 0;
    this.#high = 0xffff_ffff;
    this.#length = 0;
    return bytes;
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = byte;
  }
}

/** How far a reader is ahead of what its writer had to store. */
const AHEAD = 4;

/** Reads decisions. For up to four bytes after the last one it reads zeros, which a writer leaves away. */
export class BinaryDecoder implements BinaryCoder {
  #low = 0;
  #high = 0xffff_ffff;
  #value = 0;
  #at = 0;
  readonly #bytes: Uint8Array;

  /** Reads `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 4; i++) this.#shift();
  }

  /** Bytes read so far, up to four ahead of what they decide. */
  get consumed(): number {
    return Math.min(this.#at, this.#bytes.length);
  }

  /** True when all bytes were read. */
  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** @throws {BrecciaError} `delta-malformed` when the stream has ended. */
  code(_bit: number, p: number): number {
    const middle = split(this.#low, this.#high, p);
    const bit = this.#value <= middle ? 1 : 0;
    if (bit === 1) this.#high = middle;
    else this.#low = middle + 1;
    while (((this.#low ^ this.#high) & 0xff00_0000) === 0) {
      this.#low = (this.#low << 8) >>> 0;
      this.#high = ((this.#high << 8) | 0xff) >>> 0;
      this.#shift();
    }
    return bit;
  }

  #shift(): void {
    // Zeros without end would decide without end.
    if (this.#at === this.#bytes.length + AHEAD) throw malformedSegment("a stream ends too early");
    this.#value = ((this.#value << 8) | (this.#bytes[this.#at++] ?? 0)) >>> 0;
  }
}
