import { isBrecciaError } from "../errors.ts";
import { RETRY_LIMITS } from "../limits.ts";

/** How waiting is done. */
export interface PatienceOptions {
  /** A number from 0 up to 1: requests that failed together come again apart. */
  readonly random: () => number;
  /** Resolves after so many milliseconds, at once when the signal aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** What one try learns of its failure. */
export interface Failure {
  /** Called when the server is busy, with the wait that it asks for in milliseconds, 0 if for none. */
  busy(askedWait: number): void;
}

/** What a {@linkcode Patience} may spend on retries, refilled by what succeeds. */
const MOST_TOKENS = 32;
const TOKENS_FOR_SUCCESS = 0.25;

/**
 * Tries a request again that failed by what may pass: the server was busy (429, 503), could not be reached,
 * or broke off. One such failure among thousands of requests must not cost a whole pass.
 *
 * Bounded in three ways: tries of a request, their waits altogether (`RETRY_LIMITS`; a server that asks for
 * more is left alone), and retries in all, by a budget that only successes refill: a server that is down or
 * overwhelmed is not asked four times as often.
 */
export class Patience {
  readonly #options: PatienceOptions;
  #tokens = MOST_TOKENS;

  /** Waits by `options`. */
  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /**
   * What `act` returns in the end.
   *
   * @throws {BrecciaError} what its last try threw.
   */
  async persist<T>(act: (failure: Failure) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { random, wait } = this.#options;
    let waited = 0;
    for (let tries = 1;; tries++) {
      const busy: number[] = [];
      try {
        const done = await act({ busy: (asked) => busy.push(asked) });
        this.#tokens = Math.min(MOST_TOKENS, this.#tokens + TOKENS_FOR_SUCCESS);
        return done;
      } catch (error) {
        // Of several mirrors one was busy, or the last one could not be reached.
        const mayPass = busy.length > 0 || isBrecciaError(error, "offline", "response-truncated");
        const asked = busy.length > 0 ? Math.min(...busy) : 0;
        const pause = RETRY_LIMITS.firstMilliseconds * 2 ** (tries - 1) * (0.5 + random());
        const next = Math.max(asked * (1 + 0.2 * random()), pause);
        waited += next;
        if (!mayPass || tries >= RETRY_LIMITS.tries || signal?.aborted) throw error;
        if (waited > RETRY_LIMITS.waitMilliseconds || this.#tokens < 1) throw error;
        this.#tokens--;
        await wait(next, signal);
      }
    }
  }
}
