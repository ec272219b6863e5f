/**
 * Lets others have their turn. A timer, though it costs two milliseconds: between messages of a channel,
 * sockets wait for hundreds of them.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Work between two turns: 10 to 30 milliseconds of whatever is counted. */
const TURN_WORK = 256 * 1024;

/**
 * Divides long work on input from outside: whoever does it says how much was done, and others have their
 * turn now and then, in which a cancellation arrives. Work is counted in bytes; a row of a table counts as
 * the bytes that would take as long.
 */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #work = 0;

  /** Ends the work when `signal` is aborted. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Counts `work`. Where the result is a promise, it must be awaited; it rejects with the signal's reason. */
  spend(work: number): Promise<void> | undefined {
    this.#work += work;
    if (this.#work < TURN_WORK) return undefined;
    this.#work = 0;
    return this.#take();
  }

  async #take(): Promise<void> {
    await turn();
    this.#signal?.throwIfAborted();
  }
}
