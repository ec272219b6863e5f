import type { Clock, Log } from "../../ports/mod.ts";
import type { VerifiedMetadata } from "../../tuf/mod.ts";

/** Warn so long before metadata expires, in milliseconds: a day, to act in. */
const EXPIRY_WARNING = 24 * 60 * 60_000;

/** A refresh that takes longer than this, in milliseconds, is told: what is served is old meanwhile. */
const LONG_REFRESH = 10 * 60_000;

/** One sentence when a refresh takes long that began `since`; `undefined` when it does not, or none runs. */
export function lagReason(since: number | null, now: number): string | undefined {
  if (since === null || now - since < LONG_REFRESH) return undefined;
  const minutes = Math.floor((now - since) / 60_000);
  return `A refresh has been under way for ${minutes} min; clients see nothing newer until it ends.`;
}

/** What is served, and whether the upstream, when it was asked last, had nothing newer. */
export interface Served {
  /** Its metadata, if there is any. */
  readonly metadata: VerifiedMetadata | undefined;
  /** True when the last refresh succeeded. */
  readonly confirmed: boolean;
}

/** Foresees that clients will refuse what is served, and says who can help. */
export class FreshnessAlarm {
  readonly #clock: Clock;
  readonly #log: Log;
  /** What the log was told last. */
  #told = "";

  /** Judges by `clock`, and tells `log`. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** One sentence; `undefined` when nothing expires within a day. */
  reason({ metadata, confirmed }: Served): string | undefined {
    if (metadata === undefined) return "There is no verified metadata yet.";
    const { role, expires } = firstToExpire(metadata);
    const left = expires - this.#clock.now();
    if (left >= EXPIRY_WARNING) return undefined;
    const help = confirmed
      ? "the upstream has nothing newer, so its publisher has to sign anew"
      : "the upstream has to bring newer";
    if (left <= 0) return `The ${role} metadata has expired, and clients refuse it; ${help}.`;
    const hours = Math.max(1, Math.floor(left / 3_600_000));
    return `The ${role} metadata expires within ${hours} h; ${help}.`;
  }

  /** Tells the log once when metadata will expire, and once when it has: nobody looks at a page all day. */
  tell(served: Served): void {
    const { metadata } = served;
    if (metadata === undefined) return;
    const left = metadata.expires - this.#clock.now();
    if (left >= EXPIRY_WARNING) return;
    const event = left <= 0 ? "metadata expired" : "metadata expires soon";
    const told = `${event} ${metadata.expires}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#log(left <= 0 ? "error" : "warn", event, {
      message: this.reason(served),
      expires: new Date(metadata.expires).toISOString(),
    });
  }
}

function firstToExpire(
  { root, timestamp, snapshot, targets }: VerifiedMetadata,
): { readonly role: string; readonly expires: number } {
  const files = Object.entries({ timestamp, snapshot, targets, root })
    .map(([role, { expires }]) => ({ role, expires }));
  return files.reduce((first, file) => file.expires < first.expires ? file : first);
}
