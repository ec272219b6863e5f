import type { RandomAccess } from "../ports/mod.ts";
import { MemoryAccess } from "./memory_access.ts";
import { PageCache } from "./page_cache.ts";

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

/** The first `size` bytes of `access`: an array is copied from as it lies, anything else through pages. */
export function byteSource(access: Pick<RandomAccess, "read">, size: number): ByteSource {
  return access instanceof MemoryAccess
    ? new MemorySource(access.bytes, size)
    : new PageCache(access, size);
}

class MemorySource implements ByteSource {
  readonly #bytes: Uint8Array;
  #size: number;

  constructor(bytes: Uint8Array, size: number) {
    this.#bytes = bytes;
    this.#size = size;
  }

  resize(size: number): void {
    this.#size = size;
  }

  copy(offset: number, length: number, into: Uint8Array, at: number): void {
    const start = Math.min(Math.max(offset, 0), this.#size);
    const end = Math.min(Math.max(offset + length, start), this.#size);
    into.fill(0, at, at + start - offset);
    into.set(this.#bytes.subarray(start, end), at + start - offset);
    into.fill(0, at + end - offset, at + length);
  }
}
