import { BrecciaError } from "../errors.ts";
import type { SmallFiles } from "./pending_files.ts";

const KEY = "time";

/** How far a clock may be set back, in milliseconds: a correction, not a year that hides what expired. */
const SET_BACK = 24 * 60 * 60 * 1000;

/**
 * The time to judge expiry by: that of the clock, and never before the last run that verified metadata.
 * A clock that was set back can't make what has expired valid again.
 *
 * @throws {BrecciaError} `clock-wrong` when the clock is more than a day behind that run.
 */
export async function judgingTime(files: SmallFiles, now: number): Promise<number> {
  const floor = await lastTime(files);
  if (floor === undefined || now >= floor) return now;
  if (floor - now <= SET_BACK) return floor;
  throw new BrecciaError(
    "clock-wrong",
    `Cannot judge what has expired: the clock says ${
      new Date(now).toISOString()
    }, and the last update ` +
      `check was at ${new Date(floor).toISOString()}; set the clock`,
  );
}

/** Remembers when metadata was verified. Times more than a minute apart are worth a write. */
export async function rememberTime(files: SmallFiles, now: number): Promise<void> {
  const before = await lastTime(files);
  if (before !== undefined && now - before < 60_000) return;
  await files.put(KEY, new TextEncoder().encode(`${new Date(now).toISOString()}\n`));
}

async function lastTime(files: SmallFiles): Promise<number | undefined> {
  const kept = await files.get(KEY);
  if (kept === undefined) return undefined;
  const time = Date.parse(new TextDecoder().decode(kept.bytes).trim());
  return Number.isNaN(time) ? undefined : time;
}
