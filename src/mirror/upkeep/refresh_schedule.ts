import { isBrecciaError } from "../../errors.ts";
import type { Log } from "../../ports/mod.ts";
import type { Edge } from "../edge/edge.ts";
import type { StoreMaintenance } from "./store_maintenance.ts";

/** When an edge asks its upstream for news. */
export interface RefreshSchedule {
  /** Milliseconds between two refreshes that succeed. */
  readonly interval: number;
  /** Ends the schedule. */
  readonly signal: AbortSignal;
  /** A number from 0 up to 1: spreads a fleet of edges over time. */
  readonly random: () => number;
  /** Resolves after so many milliseconds, at once when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** The first wait after a failure, in milliseconds; it doubles up to the interval. */
const FIRST_RETRY = 1000;

/**
 * Refreshes until the signal. Failures are in the edge's status and log; they make it wait longer, and at
 * least as long as the upstream asks (`Retry-After`). When the store loses what is served, it does not wait.
 */
export async function runRefreshLoop(edge: Edge, schedule: RefreshSchedule): Promise<void> {
  const { interval, signal, random, sleep } = schedule;
  let lostBefore = false;
  for (let failures = 0; !signal.aborted;) {
    try {
      await edge.refresh(signal);
      failures = 0;
    } catch (error) {
      if (isBrecciaError(error, "cancelled")) return;
      failures++;
    }
    const wait = failures === 0
      ? interval
      : Math.min(interval, FIRST_RETRY * 2 ** Math.min(failures, 20));
    const spread = 0.2 * random();
    const asked = failures === 0 ? 0 : edge.retryAfterMs;
    const pause = Math.max(wait * (0.9 + spread), asked * (1 + spread));
    if (failures > 0) await sleep(pause, signal);
    else {
      const lost = await sleepUnlessLost(edge, pause, schedule);
      // A store that loses all it is given must not make the upstream be asked without end.
      if (lost && lostBefore) await sleep(FIRST_RETRY, signal);
      lostBefore = lost;
    }
  }
}

/** Waits. True when the store lost what is served, and ended the wait. */
async function sleepUnlessLost(
  edge: Edge,
  pause: number,
  { signal, sleep }: RefreshSchedule,
): Promise<boolean> {
  const waiting = new AbortController();
  const either = AbortSignal.any([signal, waiting.signal]);
  try {
    const slept = sleep(pause, either).then(() => false);
    return await Promise.race([slept, edge.contentLost(either).then(() => !signal.aborted)]);
  } finally {
    waiting.abort();
  }
}

/** How long unneeded objects stay, in milliseconds: as long as earlier metadata is served. */
const SWEEP_GRACE = 24 * 60 * 60_000;

/** A check of the store reads no more than this, in bytes per second: a disk serves clients first. */
const SCRUB_BYTES_PER_SECOND = 64 * 1024 * 1024;

/** Small objects are read several at a time between two pauses, which are this long at least. */
const LEAST_PAUSE_MILLISECONDS = 50;

/**
 * Looks after a store, once each interval, until the signal. The first time is one interval
 * from now: an edge that restarts often does not read its whole store each time.
 */
export async function runMaintenanceLoop(
  keeper: StoreMaintenance,
  { interval, signal, random, sleep, log }: RefreshSchedule & { readonly log: Log },
): Promise<void> {
  while (!signal.aborted) {
    await sleep(interval * (0.9 + 0.2 * random()), signal);
    if (signal.aborted) return;
    try {
      const pace = pacedBy((milliseconds) => sleep(milliseconds, signal));
      const { damaged, ...rest } = await keeper.maintain({ grace: SWEEP_GRACE, pace, signal });
      log("info", "store looked after", { damaged: damaged.length, ...rest });
    } catch (error) {
      if (signal.aborted) return;
      const message = isBrecciaError(error) ? error.message : String(error);
      log("warn", "looking after the store failed", { message });
    }
  }
}

/** Waits as long as reading so many bytes may take. */
function pacedBy(
  sleep: (milliseconds: number) => Promise<void>,
): (bytes: number) => Promise<void> {
  let owed = 0;
  return async (bytes) => {
    owed += bytes * 1000 / SCRUB_BYTES_PER_SECOND;
    if (owed < LEAST_PAUSE_MILLISECONDS) return;
    await sleep(owed);
    owed = 0;
  };
}
