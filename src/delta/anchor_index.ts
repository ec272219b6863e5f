const MULTIPLIER = 0x2c1b3c6d;

/** Distance in bytes between indexed places. */
const STRIDE = 4;

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
    let power = 1;
    for (let i = 0; i < window; i++) power = Math.imul(power, MULTIPLIER);
    this.#leaving = power;
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
 * Where windows of bytes occur: every fourth place of some ranges, as rows of places with the same hash,
 * built by counting sort. Windows of zeros are left out: they occur everywhere and anchor nothing.
 */
export class AnchorIndex {
  readonly window: number;
  /** Places in ascending order within each row. */
  readonly places: Uint32Array;
  /** Row `r` is `places[starts[r]] … places[starts[r + 1] - 1]`. */
  readonly starts: Uint32Array;
  readonly #drop: number;

  /** Indexes windows of `window` bytes of `bytes` that lie in `ranges`, sorted and apart. */
  constructor(bytes: Uint8Array, ranges: readonly IndexedRange[], window: number, stride = STRIDE) {
    this.window = window;
    const room = ranges.reduce((sum, { start, end }) => sum + Math.ceil((end - start) / stride), 0);
    const bits = Math.min(26, Math.max(10, Math.ceil(Math.log2(room + 1))));
    this.#drop = 32 - bits;
    this.starts = new Uint32Array((1 << bits) + 1);
    this.#eachWindow(bytes, ranges, stride, (row) => {
      this.starts[row + 1]!++;
    });
    for (let row = 0; row < 1 << bits; row++) {
      this.starts[row + 1]! += this.starts[row] as number;
    }
    this.places = new Uint32Array(this.starts[1 << bits] as number);
    // Filling moves each row's start to its end; shifting the starts back by one row mends that.
    this.#eachWindow(bytes, ranges, stride, (row, place) => {
      this.places[this.starts[row]!++] = place;
    });
    this.starts.copyWithin(1, 0, 1 << bits);
    this.starts[0] = 0;
  }

  /** The row of a hash that is not zero. */
  rowOf(hash: number): number {
    return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> this.#drop;
  }

  #eachWindow(
    bytes: Uint8Array,
    ranges: readonly IndexedRange[],
    stride: number,
    visit: (row: number, place: number) => void,
  ): void {
    for (const { start, end } of ranges) {
      const rolling = new RollingHash(bytes, this.window);
      for (let at = start; at + this.window <= end; at++) {
        const hash = rolling.moveTo(at);
        if ((at - start) % stride === 0 && hash !== 0) visit(this.rowOf(hash), at);
      }
    }
  }
}
