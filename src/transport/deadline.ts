import { BrecciaError } from "../errors.ts";
import { publicUrl } from "./public_url.ts";

/**
 * The time an exchange may wait, together with the caller's own signal. `signal` aborts when either
 * ends it, and `reason` then says which, as our error.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #url: URL;
  readonly #caller: AbortSignal | undefined;
  readonly #onCallerAbort = (): void => this.#controller.abort(this.#cancelled());
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Starts without a limit; `extend` sets one. */
  constructor(url: URL, caller?: AbortSignal) {
    this.#url = url;
    this.#caller = caller;
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
    this.pause();
    this.#timer = setTimeout(() => {
      this.#controller.abort(
        new BrecciaError(
          "timeout",
          `Cannot wait for ${publicUrl(this.#url)} any longer: nothing came for ${
            milliseconds / 1000
          } s; ` +
            `try again or use another mirror`,
        ),
      );
    }, milliseconds);
  }

  /** Stops the clock: the consumer of a body may take its time. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Releases timer and listener. */
  end(): void {
    this.pause();
    this.#caller?.removeEventListener("abort", this.#onCallerAbort);
  }

  #cancelled(): BrecciaError {
    return new BrecciaError("cancelled", `The download of ${publicUrl(this.#url)} was cancelled`, {
      cause: this.#caller?.reason,
    });
  }
}
