import type { RandomAccess } from "../ports/mod.ts";
import type { ByteSource } from "./byte_source.ts";
import { MemoryAccess } from "./memory_access.ts";
import { PageCache } from "./page_cache.ts";

/** The first `size` bytes of `access`: an array is copied from as it lies, anything else through pages. */
export function openSource(access: Pick<RandomAccess, "read">, size: number): ByteSource {
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
