/**
 * Bytes that can be read at any offset: the old release on a device (an installed tree regenerated as
 * a stream, a file, an array), or what a decoder has written so far.
 */
export interface RandomAccess {
  /**
   * Fills `into` with the bytes from `offset` on and returns how many were read: fewer than asked
   * only at the end. May answer at once or later; a failure to read is a throw.
   */
  read(offset: number, into: Uint8Array): number | Promise<number>;
}

/** An array as {@linkcode RandomAccess}. */
export class MemoryAccess implements RandomAccess {
  readonly #bytes: Uint8Array;

  /** Reads from `bytes`, which the caller keeps unchanged. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Copies from the array. */
  read(offset: number, into: Uint8Array): number {
    const part = this.#bytes.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }
}
