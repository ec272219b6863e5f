import type { RandomAccess } from "../src/ports/mod.ts";

/** A file in memory, which may change under its reader. */
export class MemoryFile implements RandomAccess {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get size(): number {
    return this.bytes.length;
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    into.set(this.bytes.subarray(offset, offset + into.length));
    return Promise.resolve();
  }
}
