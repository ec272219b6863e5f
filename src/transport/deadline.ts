import { BrecciaError } from "../errors.ts";
import { AwakeTimer, type Timers } from "./awake_timer.ts";
import { publicUrl } from "./public_url.ts";

/**
 * The time an exchange may wait, together with the caller's own signal. `signal` aborts when either
 * ends it, and `reason` then says which, as our error. Time in which the process could not run does not
 * count.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #url: URL;
  readonly #caller: AbortSignal | undefined;
  readonly #onCallerAbort = (): void => this.#controller.abort(this.#cancelled());
  readonly #timer: AwakeTimer;

  /** Starts without a limit; `extend` sets one. */
  constructor(url: URL, caller?: AbortSignal, timers?: Timers) {
    this.#url = url;
    this.#caller = caller;
    this.#timer = new AwakeTimer((given) => this.#controller.abort(this.#over(given)), timers);
    if (caller?.aborted) this.#onCallerAbort();
    else caller?.addEventListener("abort", this.#onCallerAbort, { once: true });
  }

  /** Aborts when time runs out or the caller cancels. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the exchange was ended, or `undefined` while it was not. */
  get reason(): BrecciaError | undefined {
    return this.signal.aborted ? this.signal.reason as BrecciaError : undefined;
  }

  /** Gives the exchange this many milliseconds from now. */
  extend(milliseconds: number): void {
    this.#timer.start(milliseconds);
  }

  /**
   * Stops the clock: the consumer of a body may take its time. Returns the milliseconds that were waited since
   * it was last extended.
   */
  pause(): number {
    return this.#timer.stop();
  }

  /** Releases timer and listener. */
  end(): void {
    this.pause();
    this.#caller?.removeEventListener("abort", this.#onCallerAbort);
  }

  #over(milliseconds: number): BrecciaError {
    return new BrecciaError(
      "timeout",
      `Cannot wait for ${publicUrl(this.#url)} any longer: nothing came for ` +
        `${milliseconds / 1000} s; try again or use another mirror`,
    );
  }

  #cancelled(): BrecciaError {
    return new BrecciaError("cancelled", `The download of ${publicUrl(this.#url)} was cancelled`, {
      cause: this.#caller?.reason,
    });
  }
}
