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

  /** Counts a part of so many bytes that was waited for; true when what came within the window is too little. */
  isTooSlow(bytes: number, milliseconds: number): boolean {
    this.#waited += milliseconds;
    this.#bytes += bytes;
    if (this.#waited < this.#window) return false;
    const due = this.#waited * TRANSPORT_LIMITS.paceBytesPerSecond / 1000;
    const slow = this.#bytes < due;
    this.#waited = 0;
    this.#bytes = 0;
    return slow;
  }
}
