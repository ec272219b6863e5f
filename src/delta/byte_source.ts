/** Where the pieces of a segment copy from. What lies outside reads as zero. */
export interface ByteSource {
  /** Only the first `size` bytes count from now on. */
  resize(size: number): void;
  /**
   * Copies `[offset, offset + length)` to `into` at `at`. Returns a promise only when something must be read
   * first.
   */
  copy(offset: number, length: number, into: Uint8Array, at: number): void | Promise<void>;
}
