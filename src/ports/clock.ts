/** Where the core learns the time. A test, an audit or a device without a clock brings its own. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

/** The clock of the runtime. */
export const systemClock: Clock = { now: () => Date.now() };
