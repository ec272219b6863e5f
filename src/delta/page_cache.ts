import type { RandomAccess } from "../ports/mod.ts";
import type { ByteSource } from "./byte_source.ts";

const PAGE_BYTES = 256 * 1024;

/**
 * A bounded number of pages over a {@linkcode RandomAccess}, reused least recently used first, so that
 * thousands of small copies cost few reads and never more memory than the pages.
 */
export class PageCache implements ByteSource {
  readonly #source: Pick<RandomAccess, "read">;
  #size: number;
  readonly #capacity: number;
  /** In order of use, the oldest first: a Map keeps insertion order. */
  readonly #pages = new Map<number, Uint8Array<ArrayBuffer>>();

  /** Reads the first `size` bytes of `source`, keeping `pages` pages. */
  constructor(source: Pick<RandomAccess, "read">, size: number, pages = 16) {
    this.#source = source;
    this.#size = size;
    this.#capacity = pages;
  }

  /** The source is `size` bytes long now. A page that was cut short by the old size is forgotten. */
  resize(size: number): void {
    const whole = Math.floor(Math.min(size, this.#size) / PAGE_BYTES);
    for (const number of this.#pages.keys()) if (number >= whole) this.#pages.delete(number);
    this.#size = size;
  }

  /**
   * Copies `[offset, offset + length)` to `into` at `at`; what lies outside the source reads as zero.
   * Returns a promise only when a page must be read first.
   */
  copy(offset: number, length: number, into: Uint8Array, at: number): void | Promise<void> {
    while (length > 0) {
      if (offset < 0 || offset >= this.#size) {
        const outside = offset < 0 ? Math.min(length, -offset) : length;
        into.fill(0, at, at + outside);
        offset += outside;
        at += outside;
        length -= outside;
        continue;
      }
      const number = Math.floor(offset / PAGE_BYTES);
      const page = this.#pages.get(number);
      if (page === undefined) {
        return this.#load(number).then(() => this.copy(offset, length, into, at));
      }
      const start = offset - number * PAGE_BYTES;
      const count = Math.min(length, PAGE_BYTES - start, this.#size - offset);
      into.set(page.subarray(start, start + count), at);
      offset += count;
      at += count;
      length -= count;
    }
  }

  async #load(number: number): Promise<void> {
    let page: Uint8Array<ArrayBuffer>;
    if (this.#pages.size >= this.#capacity) {
      const [oldest, reused] = this.#pages.entries().next().value as [
        number,
        Uint8Array<ArrayBuffer>,
      ];
      this.#pages.delete(oldest);
      page = reused;
    } else {
      page = new Uint8Array(PAGE_BYTES);
    }
    const start = number * PAGE_BYTES;
    await this.#source.read(start, page.subarray(0, Math.min(PAGE_BYTES, this.#size - start)));
    this.#pages.set(number, page);
  }
}
