import { type KeyId, type RoleKeys, TOP_LEVEL_ROLES } from "../tuf/mod.ts";
import { delegatesOf } from "./delegation.ts";
import type { PublishedMetadata } from "./published_metadata.ts";

/** A choice that is allowed and unwise. */
export interface Warning {
  /** Names the choice, for documentation and scripts: `"root-single-key"`. */
  readonly name: string;
  /** What may happen, and what to do. */
  readonly message: string;
}

const DAY = 86_400_000;

/** What is left of a team's metadata when its people are called: their keys are rarely at hand. */
const TEAM_NOTICE = 7 * DAY;

/** Names after the first of a list are counted: there may be a thousand hash bins. */
const nameAll = ([first, ...more]: readonly string[]): string =>
  more.length === 0 ? `${first}` : `${first} and ${more.length} more`;

/**
 * Names the unsafe choices of a repository, and what clients refuse; `keysHere` are the keys that lie on
 * this machine, `troubles` the teams that `loadPublished` could not use.
 */
export function lintRepository(
  published: PublishedMetadata,
  keysHere: ReadonlySet<KeyId>,
  now: number,
  troubles: ReadonlyMap<string, Error> = new Map(),
): readonly Warning[] {
  const warnings: Warning[] = [];
  const { root } = published;
  const { keyIds, threshold } = root.roles.get("root") as RoleKeys;
  if (threshold === 1) {
    warnings.push({
      name: "root-single-signature",
      message: "One stolen root key takes over every client; ask for two signatures or more",
    });
  }
  if (keyIds.length === threshold) {
    warnings.push({
      name: "root-no-spare",
      message: "Losing one root key ends the repository; add a spare with `breccia keys add root`",
    });
  }
  if (keyIds.filter((keyId) => keysHere.has(keyId)).length >= threshold) {
    warnings.push({
      name: "root-online",
      message: "The root keys lie on this machine; move them offline",
    });
  }
  for (const [role, { keyIds }] of root.roles) {
    for (const [other, { keyIds: others }] of root.roles) {
      if (role < other && keyIds.some((keyId) => others.includes(keyId))) {
        warnings.push({
          name: "shared-key",
          message:
            `One key signs for ${role} and ${other}: whoever steals it gets both; rotate one`,
        });
      }
    }
  }
  if (published.timestamp.expires - now > 31 * DAY) {
    warnings.push({
      name: "timestamp-long-lived",
      message: "A mirror can hide updates for more than a month; let the timestamp expire sooner",
    });
  }
  for (const role of TOP_LEVEL_ROLES) {
    if (published[role].expires <= now) {
      warnings.push({
        name: "expired",
        message: `Clients refuse the repository: ${role} has expired; run \`breccia refresh\``,
      });
    }
  }
  return [...warnings, ...teamWarnings(published, now, troubles)];
}

function teamWarnings(
  published: PublishedMetadata,
  now: number,
  troubles: ReadonlyMap<string, Error>,
): readonly Warning[] {
  const warnings: Warning[] = [];
  for (const [team, { message }] of troubles) {
    warnings.push({
      name: "team-refused",
      message: `Clients refuse what ${team} licenses, and nothing else: ${message}`,
    });
  }
  const expired: string[] = [];
  const soon: string[] = [];
  const unsigned: string[] = [];
  for (const { name } of delegatesOf(published.targets)) {
    const expires = published.teams.get(name)?.signed.expires;
    if (expires === undefined) {
      if (!troubles.has(name)) unsigned.push(name);
    } else if (expires <= now) expired.push(name);
    else if (expires - now < TEAM_NOTICE) soon.push(name);
  }
  const warn = (name: string, teams: readonly string[], say: (teams: string) => string) => {
    if (teams.length > 0) warnings.push({ name, message: say(nameAll(teams)) });
  };
  warn(
    "team-expired",
    expired,
    (teams) =>
      `Clients refuse what ${teams} licensed: it has expired; run \`breccia refresh\` with its keys`,
  );
  warn(
    "team-expires",
    soon,
    (teams) =>
      `What ${teams} licensed expires within a week; run \`breccia refresh\` with its keys`,
  );
  warn(
    "team-unsigned",
    unsigned,
    (teams) =>
      `Clients that look at all roles fail, since ${teams} signed nothing: publish with its keys, or use \`breccia sign\``,
  );
  return warnings;
}
