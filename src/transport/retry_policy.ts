import { type ErrorCode, isBrecciaError } from "../errors.ts";
import { RETRY_LIMITS } from "../limits.ts";

/** How waiting is done. */
export interface RetryPolicyOptions {
  /** A number from 0 up to 1: requests that failed together come again apart. */
  readonly random: () => number;
  /** Resolves after so many milliseconds, at once when the signal aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** What may pass, beside a busy server. Default: `offline` and `response-truncated`. */
  readonly mayPass?: readonly ErrorCode[];
}

/** By the runtime's own means, also where a server fell silent: for whoever has nothing else to do. */
export const DEVICE_PATIENCE: RetryPolicyOptions = {
  random: Math.random,
  wait: waitOrAbort,
  mayPass: ["offline", "response-truncated", "timeout"],
};

/** What one try learns of its failure. */
export interface Failure {
  /** Called when the server is busy, with the wait that it asks for in milliseconds, 0 if for none. */
  busy(askedWait: number): void;
}

/** What a {@linkcode RetryPolicy} may spend on retries, refilled by what succeeds. */
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
export class RetryPolicy {
  readonly #options: RetryPolicyOptions;
  #tokens = MOST_TOKENS;

  /** Waits by `options`. */
  constructor(options: RetryPolicyOptions) {
    this.#options = options;
  }

  /**
   * What `act` returns in the end.
   *
   * @throws {BrecciaError} what its last try threw.
   */
  async run<T>(act: (failure: Failure) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const trial = this.begin();
    for (;;) {
      try {
        const done = await act(trial);
        this.#tokens = Math.min(MOST_TOKENS, this.#tokens + TOKENS_FOR_SUCCESS);
        return done;
      } catch (error) {
        await trial.again(error, signal);
      }
    }
  }

  /** The tries of one thing, for whom `persist` does not fit; progress is begun anew. */
  begin(): Trial {
    return new Trial(this.#options, () => this.#spend());
  }

  #spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** What may pass, beside a busy server. */
const MAY_PASS: readonly ErrorCode[] = ["offline", "response-truncated"];

/** The tries of one thing, and what they learn. */
export class Trial implements Failure {
  readonly #options: RetryPolicyOptions;
  readonly #spend: () => boolean;
  #tries = 1;
  #waited = 0;
  #busy: number[] = [];

  /** Made by {@linkcode RetryPolicy.begin}. */
  constructor(options: RetryPolicyOptions, spend: () => boolean) {
    this.#options = options;
    this.#spend = spend;
  }

  /** See {@linkcode Failure.busy}. */
  busy(askedWait: number): void {
    this.#busy.push(askedWait);
  }

  /**
   * Waits until it is time to try again.
   *
   * @throws What was thrown before, when it can't pass or enough was tried.
   */
  async again(error: unknown, signal?: AbortSignal): Promise<void> {
    const { random, wait, mayPass = MAY_PASS } = this.#options;
    const busy = this.#busy;
    this.#busy = [];
    // Of several mirrors one was busy, or the last one could not be reached.
    const passes = busy.length > 0 || isBrecciaError(error) && mayPass.includes(error.code);
    const asked = busy.length > 0 ? Math.min(...busy) : 0;
    const pause = RETRY_LIMITS.firstMilliseconds * 2 ** (this.#tries - 1) * (0.5 + random());
    const next = Math.max(asked * (1 + 0.2 * random()), pause);
    this.#waited += next;
    if (!passes || this.#tries >= RETRY_LIMITS.tries || signal?.aborted) throw error;
    if (this.#waited > RETRY_LIMITS.waitMilliseconds || !this.#spend()) throw error;
    this.#tries++;
    await wait(next, signal);
  }
}

function waitOrAbort(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}
