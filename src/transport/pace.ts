import { TRANSPORT_LIMITS } from "../limits.ts";

/**
 * Whether a body comes at a bearable pace. Each part within the idle time is no proof: a server that
 * sends a byte now and then holds its client for days. What the client itself takes between two reads
 * does not count.
 */
export class Pace {
  readonly #window: number;
  #waited = 0;
  #bytes = 0;

  /** Judges anew after so many milliseconds of waiting. */
  constructor(window: number) {
    this.#window = window;
  }

  /** Waits for a read, and counts how long that takes. */
  async wait<T>(read: Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await read;
    } finally {
      this.#waited += performance.now() - started;
    }
  }

  /** Counts a part of so many bytes; true when what came within the window is too little. */
  isTooSlow(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#waited < this.#window) return false;
    const due = this.#waited * TRANSPORT_LIMITS.paceBytesPerSecond / 1000;
    const slow = this.#bytes < due;
    this.#waited = 0;
    this.#bytes = 0;
    return slow;
  }
}
