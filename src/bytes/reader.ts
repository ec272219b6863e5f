import { BrecciaError, type ErrorCode } from "../errors.ts";

/**
 * Reads our binary formats from untrusted bytes. Every read is checked against the end first, so a
 * truncated or lying input is an error with the caller's `code`, never `undefined` arithmetic.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #code: ErrorCode;
  readonly #what: string;
  #offset = 0;

  /** Reads `bytes`; failures name `what` ("release index") and carry `code`. */
  constructor(bytes: Uint8Array, what: string, code: ErrorCode) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.#code = code;
  }

  /** Position of the next read, in bytes from the start. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes left to read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** One byte. */
  u8(): number {
    this.#need(1);
    return this.#view.getUint8(this.#offset++);
  }

  /** Four bytes, little-endian. */
  u32(): number {
    this.#need(4);
    const value = this.#view.getUint32(this.#offset, true);
    this.#offset += 4;
    return value;
  }

  /** Eight bytes, little-endian, at most 2^53 − 1. */
  u64(): number {
    const low = this.u32();
    const high = this.u32();
    if (high > 0x1fffff) this.fail("a 64-bit number is out of range");
    return high * 2 ** 32 + low;
  }

  /** Unsigned LEB128, shortest form only, at most `max` (default 2^53 − 1). */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    for (let scale = 1;; scale *= 0x80) {
      if (scale > 2 ** 49) this.fail("a variable-length number has no end");
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) {
          this.fail("a variable-length number is not in its shortest form");
        }
        break;
      }
    }
    if (value > max) this.fail(`a number is ${value}, over its bound of ${max}`);
    return value;
  }

  /** The next `length` bytes, as a view without a copy. */
  bytes(length: number): Uint8Array {
    this.#need(length);
    const bytes = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return bytes;
  }

  /** A varint length of at most `max`, then that much well-formed UTF-8. */
  text(max: number): string {
    const bytes = this.bytes(this.varint(max));
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      return this.fail("a text is not UTF-8", cause);
    }
  }

  /** Throws unless every byte was read. */
  end(): void {
    if (this.remaining !== 0) this.fail(`${this.remaining} bytes follow its end`);
  }

  /** Throws the reader's error, saying where in the input it stood. */
  fail(why: string, cause?: unknown): never {
    throw new BrecciaError(
      this.#code,
      `Cannot read the ${this.#what}: at byte ${this.#offset}, ${why}; fetch it again or from another source`,
      { cause },
    );
  }

  #need(count: number): void {
    if (count > this.remaining) {
      this.fail(`${count} more bytes are needed but only ${this.remaining} are there`);
    }
  }
}
