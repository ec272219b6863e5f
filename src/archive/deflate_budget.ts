import type { DeflateSettings } from "./deflater.ts";

/** Reads a clock that only goes forward, in milliseconds. */
export type Stopwatch = () => number;

/** From this level on zlib looks so much further for matches that it takes twice the time. */
const SLOW_LEVEL = 8;

/** What it takes to begin a stream, however short it is, in the same. */
export const SETUP_WORK: number = 8 * 1024;

/** Inflating is so much faster than deflating. */
const INFLATE_SPEED = 8;

/** What it takes to inflate `contentBytes` bytes, in the same. */
export function inflateWork(contentBytes: number): number {
  return contentBytes / INFLATE_SPEED;
}

/** What it takes to deflate `contentBytes` bytes, in bytes at the default level. Hostile content takes more. */
export function deflateWork({ level }: DeflateSettings, contentBytes: number): number {
  return level >= SLOW_LEVEL ? 2 * contentBytes : contentBytes;
}

/**
 * What deflating may cost altogether: work, which is counted, so that a budget ends at the same byte on every
 * machine; and time, for content that is made to deflate slowly.
 */
export class DeflateBudget {
  readonly #now: Stopwatch;
  #work: number;
  #milliseconds: number;

  /** Allows `work` bytes of content (see {@linkcode deflateWork}) and so many milliseconds by `now`. */
  constructor(
    bounds: { readonly work: number; readonly milliseconds: number },
    now: Stopwatch = () => performance.now(),
  ) {
    this.#now = now;
    this.#work = bounds.work;
    this.#milliseconds = bounds.milliseconds;
  }

  /** True once more was spent than is allowed. */
  get isSpent(): boolean {
    return this.#work < 0 || this.#milliseconds < 0;
  }

  /** Allows more: what was proved to be worth it. */
  earn(bounds: { readonly work: number; readonly milliseconds: number }): void {
    this.#work += bounds.work;
    this.#milliseconds += bounds.milliseconds;
  }

  /** Counts work that takes no time worth measuring. */
  spend(work: number): void {
    this.#work -= work;
  }

  /** Does `task`, which is so much work, and counts its time. */
  measure<T>(work: number, task: () => T): T {
    const started = this.#now();
    const result = task();
    this.#milliseconds -= this.#now() - started;
    this.#work -= work;
    return result;
  }
}
