import { judgingTime, TOP_LEVEL_ROLES, type TopLevelRole } from "../tuf/mod.ts";
import type { AppConfig } from "./app_config.ts";
import type { PublishedMetadata } from "./published_metadata.ts";

const DAY = 86_400_000;

/**
 * The time to sign at: that of the clock, which can't be before what is published was signed. What is
 * signed under a clock in the past has expired for every client when it comes out. When a file was signed
 * is its expiry less the life that its role has. Of the four the earliest counts: files that a machine once
 * signed under a clock in the future don't hold up those who put it right.
 *
 * @throws {BrecciaError} `clock-wrong` when the clock is more than a day behind.
 */
export function signingTime(
  { expiryDays }: AppConfig,
  published: Pick<PublishedMetadata, TopLevelRole>,
  now: number,
): number {
  const signed = TOP_LEVEL_ROLES.map((role) =>
    published[role].expires - (expiryDays.get(role) as number) * DAY
  );
  return judgingTime(now, Math.min(...signed));
}
