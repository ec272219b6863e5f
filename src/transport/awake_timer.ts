/** How time is waited for; tests bring their own. */
export interface Timers {
  /** Milliseconds since any instant; never goes back. */
  now(): number;
  /** Calls `act` once after so many milliseconds, or later when the process could not run. */
  set(act: () => void, milliseconds: number): unknown;
  /** Forgets a call. */
  clear(timer: unknown): void;
}

/** The runtime's. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  set: (act, milliseconds) => setTimeout(act, milliseconds),
  clear: (timer) => clearTimeout(timer as number),
};

/** Time is looked at so often, in milliseconds, or four times where less was given. */
const STEP = 1000;
const LEAST_LOOKS = 4;

/**
 * A timer that counts the time in which the process could run. A machine that was suspended, or a process
 * that was stopped, has waited for nobody: of the time between two looks at the clock, at most twice what
 * was meant to pass counts.
 */
export class AwakeTimer {
  readonly #onEnd: (milliseconds: number) => void;
  readonly #timers: Timers;
  #timer: unknown;
  #running = false;
  #limit = 0;
  #step = STEP;
  #awake = 0;
  #looked = 0;

  /** Calls `onEnd` with the time that was given, once it is over. */
  constructor(onEnd: (milliseconds: number) => void, timers: Timers = systemTimers) {
    this.#onEnd = onEnd;
    this.#timers = timers;
  }

  /** Begins anew with so many milliseconds. */
  start(milliseconds: number): void {
    this.stop();
    this.#running = true;
    this.#limit = milliseconds;
    this.#awake = 0;
    this.#looked = this.#timers.now();
    this.#next();
  }

  /** Stops; returns the milliseconds since the start in which the process could run. */
  stop(): number {
    if (this.#running) this.#look();
    this.#running = false;
    this.#timers.clear(this.#timer);
    return this.#awake;
  }

  #next(): void {
    this.#step = Math.min(STEP, this.#limit / LEAST_LOOKS, this.#limit - this.#awake);
    this.#timer = this.#timers.set(() => this.#tick(), this.#step);
  }

  #tick(): void {
    this.#look();
    if (this.#awake < this.#limit) return this.#next();
    this.#running = false;
    this.#onEnd(this.#limit);
  }

  #look(): void {
    const now = this.#timers.now();
    this.#awake += Math.min(now - this.#looked, 2 * this.#step);
    this.#looked = now;
  }
}
