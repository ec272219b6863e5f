const MULTIPLIER = 0x2c1b3c6d;

/** Row of a place that is not indexed. */
const NO_ROW = 0xffffffff;
const BLOCK_ROWS = 32_768;

/**
 * A rolling hash over a window of bytes: a polynomial modulo 2^32, so that moving by one byte costs two
 * multiplications. A window of zeros, and hardly any other, hashes to zero.
 */
export class RollingHash {
  readonly #bytes: Uint8Array;
  readonly #window: number;
  readonly #leaving: number;
  #at = -2;
  #hash = 0;

  /** Hashes `window` bytes of `bytes` at a time. */
  constructor(bytes: Uint8Array, window: number) {
    this.#bytes = bytes;
    this.#window = window;
    this.#leaving = leavingFactor(window);
  }

  /** Hash of the window that begins at `at`; cheap when it is the one after the last. */
  moveTo(at: number): number {
    const bytes = this.#bytes;
    if (at === this.#at + 1) {
      this.#hash = (Math.imul(this.#hash, MULTIPLIER) + (bytes[at - 1 + this.#window] as number) -
        Math.imul(bytes[at - 1] as number, this.#leaving)) | 0;
    } else {
      let hash = 0;
      const end = at + this.#window;
      for (let i = at; i < end; i++) {
        hash = (Math.imul(hash, MULTIPLIER) + (bytes[i] as number)) | 0;
      }
      this.#hash = hash;
    }
    this.#at = at;
    return this.#hash;
  }
}

/** A half-open range of places to index. */
export interface IndexedRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Where windows of bytes occur: every so many bytes of some ranges, as rows of places with the same hash,
 * built by counting sort. Windows of zeros are left out: they occur everywhere and anchor nothing.
 */
export class AnchorIndex {
  readonly window: number;
  /** Places in ascending order within each row. */
  readonly places: Uint32Array<ArrayBuffer>;
  /** Row `r` is `places[starts[r]] … places[starts[r + 1] - 1]`. */
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly #drop: number;
  readonly #stride: number;

  /** Indexes windows of `window` bytes of `bytes` that lie in `ranges`, sorted and apart, every `stride` bytes. */
  constructor(
    bytes: Uint8Array,
    ranges: readonly IndexedRange[],
    window: number,
    stride: number,
  ) {
    this.window = window;
    this.#stride = stride;
    const room = ranges.reduce((sum, { start, end }) => sum + Math.ceil((end - start) / stride), 0);
    const bits = Math.min(24, Math.max(10, Math.floor(Math.log2(room + 1))));
    this.#drop = 32 - bits;
    const starts = new Uint32Array((1 << bits) + 1);
    this.#eachBlock(bytes, ranges, (rows, count) => {
      for (let i = 0; i < count; i++) {
        const row = rows[i] as number;
        if (row !== NO_ROW) starts[row + 1]!++;
      }
    });
    for (let row = 0; row < 1 << bits; row++) starts[row + 1]! += starts[row] as number;
    const places = new Uint32Array(starts[1 << bits] as number);
    this.#eachBlock(bytes, ranges, (rows, count, first) => {
      for (let i = 0; i < count; i++) {
        const row = rows[i] as number;
        if (row !== NO_ROW) places[starts[row]!++] = first + i * stride;
      }
    });
    // Filling moved each row's start to its end, which is the next row's start.
    starts.copyWithin(1, 0, 1 << bits);
    starts[0] = 0;
    this.places = places;
    this.starts = starts;
  }

  /** The row of a hash that is not zero. */
  rowOf(hash: number): number {
    return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> this.#drop;
  }

  /** Gives its memory back at once; it must not be used after. */
  free(): void {
    this.places.buffer.transfer(0);
    this.starts.buffer.transfer(0);
  }

  /**
   * Visits the rows of all places in order, a block at a time: short loops over a block let the processor wait
   * for many cache misses at once, which is most of what indexing costs.
   */
  #eachBlock(
    bytes: Uint8Array,
    ranges: readonly IndexedRange[],
    visit: (rows: Uint32Array, count: number, first: number) => void,
  ): void {
    const rows = new Uint32Array(BLOCK_ROWS);
    const { window } = this;
    const stride = this.#stride;
    const leaving = leavingFactor(window);
    for (const { start, end } of ranges) {
      let hash = 0;
      for (let at = start; at < Math.min(start + window, end); at++) {
        hash = (Math.imul(hash, MULTIPLIER) + (bytes[at] as number)) | 0;
      }
      let count = 0;
      let first = start;
      for (let at = start; at + window <= end; at++) {
        if ((at - start) % stride === 0) {
          rows[count++] = hash === 0 ? NO_ROW : this.rowOf(hash);
          if (count === BLOCK_ROWS) {
            visit(rows, count, first);
            first += count * stride;
            count = 0;
          }
        }
        const entering = at + window < end ? bytes[at + window] as number : 0;
        hash = (Math.imul(hash, MULTIPLIER) + entering - Math.imul(bytes[at] as number, leaving)) |
          0;
      }
      visit(rows, count, first);
    }
  }
}

/** What a byte was multiplied by when it leaves a window. */
function leavingFactor(window: number): number {
  let power = 1;
  for (let i = 0; i < window; i++) power = Math.imul(power, MULTIPLIER);
  return power;
}
