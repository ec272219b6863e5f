import type { RandomAccess } from "../ports/mod.ts";

/** An array as {@linkcode RandomAccess}. */
export class MemoryAccess implements RandomAccess {
  /** What it reads. */
  readonly bytes: Uint8Array;

  /** Reads from `bytes`, which the caller keeps unchanged. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Length in bytes. */
  get size(): number {
    return this.bytes.length;
  }

  /** Copies from the array. */
  read(offset: number, into: Uint8Array): Promise<void> {
    into.set(this.bytes.subarray(offset, offset + into.length));
    return Promise.resolve();
  }
}
