import { type Clock, type Log, silentLog, systemClock } from "../../src/ports/mod.ts";
import { CACHE_POLICY } from "./headers.ts";

/** Long answers of a process at the same time, unless the operator says otherwise. */
export const ANSWER_SLOTS = 512;

/** When to come again, in seconds: most answers take less. */
const RETRY_SECONDS = "5";

/** Milliseconds between two lines of the log. */
const TOLD_EACH = 60_000;

/**
 * Bounds how many long answers are under way at once. Each holds some 500 KB for as long as its client likes:
 * stops those who ask for archives and read nothing from taking all memory.
 */
export class AnswerSlots {
  readonly #most: number;
  readonly #log: Log;
  readonly #clock: Clock;
  #taken = 0;
  #refused = 0;
  #toldAt = -Infinity;

  /** Lets `most` be under way at once. `log` is told of refusals, once in a minute. */
  constructor(
    most: number = ANSWER_SLOTS,
    { log = silentLog, clock = systemClock }: { readonly log?: Log; readonly clock?: Clock } = {},
  ) {
    this.#most = most;
    this.#log = log;
    this.#clock = clock;
  }

  /** How many are under way. */
  get taken(): number {
    return this.#taken;
  }

  /** How many were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** A place for an answer, to be given back by calling it; `undefined` when all are taken. */
  take(): (() => void) | undefined {
    if (this.#taken >= this.#most) {
      this.#refused++;
      this.#tell();
      return undefined;
    }
    this.#taken++;
    let isTaken = true;
    return () => {
      if (isTaken) this.#taken--;
      isTaken = false;
    };
  }

  #tell(): void {
    const now = this.#clock.now();
    if (now - this.#toldAt < TOLD_EACH) return;
    this.#toldAt = now;
    const { refused } = this;
    this.#log("warn", "answers refused", { most: this.#most, refused });
  }
}

/** What is answered when all places are taken. */
export function busyResponse(headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, {
    status: 503,
    headers: { ...headers, "cache-control": CACHE_POLICY.never, "retry-after": RETRY_SECONDS },
  });
}
