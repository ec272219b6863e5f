/** Bytes that can be read anywhere: a file, an archive, the regenerated stream of an installed tree. */
export interface RandomAccess {
  /** Length in bytes. */
  readonly size: number;
  /**
   * Fills `into` from `offset` on; `offset + into.length` is at most `size`. What can't be read any
   * more (a file that was removed or cut short since) reads as zeros: whoever uses the bytes checks
   * them against a hash.
   */
  read(offset: number, into: Uint8Array): Promise<void>;
}
