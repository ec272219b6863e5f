import type { Clock, Log, LogLevel } from "../../ports/mod.ts";

/** How long a warning that comes again is counted and not told, in milliseconds. */
const TOLD_EACH = 60 * 60_000;

/** Warnings that are remembered. */
const REMEMBERED = 256;

interface Warning {
  /** When it was told last, in milliseconds since 1970. */
  toldAt: number;
  /** When it came first. */
  readonly since: number;
  /** How often it came since it was told. */
  untold: number;
}

/** Tells a log of what goes wrong once, and then once an hour how often it did again. */
export class RepeatedWarnings {
  readonly #clock: Clock;
  readonly #log: Log;
  /** In order of their first coming. */
  readonly #warnings = new Map<string, Warning>();

  /** Tells `log` by `clock`. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Tells of `event`. What has the same `name` is the same warning. */
  tell(
    level: LogLevel,
    event: string,
    { name, ...fields }: { readonly name: string; readonly code: string; readonly message: string },
  ): void {
    const now = this.#clock.now();
    const key = `${event} ${name}`;
    const known = this.#warnings.get(key);
    if (known === undefined) {
      this.#warnings.set(key, { toldAt: now, since: now, untold: 0 });
      const [oldest] = this.#warnings.keys();
      if (this.#warnings.size > REMEMBERED) this.#warnings.delete(oldest!);
      return this.#log(level, event, fields);
    }
    known.untold++;
    if (now - known.toldAt < TOLD_EACH) return;
    const since = new Date(known.since).toISOString();
    this.#log(level, event, { ...fields, repeated: known.untold, since });
    known.toldAt = now;
    known.untold = 0;
  }

  /** Forgets the warnings of `event`: the next one is told. Returns how often they came untold. */
  settle(event: string): number {
    let untold = 0;
    for (const [key, warning] of this.#warnings) {
      if (!key.startsWith(`${event} `)) continue;
      untold += warning.untold;
      this.#warnings.delete(key);
    }
    return untold;
  }
}
