import { BrecciaError } from "../errors.ts";
import type { RandomAccess } from "./random_access.ts";

const PAGE_BYTES = 256 * 1024;

/**
 * A bounded number of pages over a {@linkcode RandomAccess}, reused least recently used first, so that
 * thousands of small copies cost few reads and never more memory than the pages.
 */
export class PageCache {
  readonly #source: RandomAccess;
  #size: number;
  readonly #capacity: number;
  readonly #what: string;
  /** In order of use, the oldest first: a Map keeps insertion order. */
  readonly #pages = new Map<number, Uint8Array<ArrayBuffer>>();

  /** Reads `source`, which is `size` bytes long and called `what` in errors, keeping `pages` pages. */
  constructor(source: RandomAccess, size: number, what: string, pages = 64) {
    this.#source = source;
    this.#size = size;
    this.#what = what;
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
   *
   * @throws {BrecciaError} `delta-mismatch` when the source ends before its size.
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
    const expected = Math.min(PAGE_BYTES, this.#size - start);
    const read = await this.#source.read(start, page.subarray(0, expected));
    if (read !== expected) {
      throw new BrecciaError(
        "delta-mismatch",
        `Cannot decode the delta: the ${this.#what} ends at byte ${
          start + read
        }, before its length ` +
          `of ${this.#size}; repair the installed release or update without this delta`,
      );
    }
    this.#pages.set(number, page);
  }
}
