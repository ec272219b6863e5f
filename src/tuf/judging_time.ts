import { BrecciaError } from "../errors.ts";

/** How far a clock may be set back, in milliseconds: a correction, not a year that hides what expired. */
const SET_BACK = 24 * 60 * 60 * 1000;

/**
 * The time to judge expiry by: that of the clock, and never before `floor`, when metadata was last
 * verified or signed here. A clock that was set back can't make what has expired valid again. Metadata
 * that holds at the floor bounds it: a clock far ahead finds everything expired, and leaves no floor.
 *
 * @param now What the clock says, in milliseconds since 1970.
 * @throws {BrecciaError} `clock-wrong` when the clock is more than a day behind the floor.
 */
export function judgingTime(now: number, floor: number | undefined): number {
  if (floor === undefined || now >= floor) return now;
  if (floor - now <= SET_BACK) return floor;
  const said = new Date(now).toISOString();
  throw new BrecciaError(
    "clock-wrong",
    `Cannot judge what has expired: the clock says ${said}, and metadata was verified or signed ` +
      `here at ${new Date(floor).toISOString()}; set the clock`,
  );
}
