import { isBrecciaError } from "../../errors.ts";
import type { Clock, Log } from "../../ports/mod.ts";
import type { RefreshSchedule } from "./refresh_schedule.ts";
import type { StoreMaintenance } from "./store_maintenance.ts";

/** How a store is measured again and again. */
export interface MeasureSchedule extends Pick<RefreshSchedule, "signal" | "sleep"> {
  /** Tells how long measuring takes. */
  readonly clock: Clock;
  /** Told when it fails. */
  readonly log: Log;
}

/** The first wait, in milliseconds, which doubles up to the longest: a new store fills quickly. */
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 60_000;

/** A wait is at least this many times what measuring took: it may cost a hundredth of the store's time. */
const REST = 100;

/** Measures the store of `keeper` until the signal: for pages and monitors, which never wait for it. */
export async function runSizeLoop(
  keeper: StoreMaintenance,
  schedule: MeasureSchedule,
): Promise<void> {
  const { clock, log, signal, sleep } = schedule;
  for (let wait = FIRST_WAIT; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const started = clock.now();
    try {
      await keeper.measure(signal);
    } catch (error) {
      if (signal.aborted) return;
      const message = isBrecciaError(error) ? error.message : String(error);
      log("warn", "measuring the store failed", { message });
    }
    await sleep(Math.max(wait, REST * (clock.now() - started)), signal);
  }
}
