import { type KeyId, type RoleKeys, TOP_LEVEL_ROLES } from "../tuf/mod.ts";
import type { PublishedMetadata } from "./published_metadata.ts";

/** A choice that is allowed and unwise. */
export interface Warning {
  /** Names the choice, for documentation and scripts: `"root-single-key"`. */
  readonly name: string;
  /** What may happen, and what to do. */
  readonly message: string;
}

const DAY = 86_400_000;

/** Names the unsafe choices of a repository; `keysHere` are the keys that lie on this machine. */
export function lintRepository(
  published: PublishedMetadata,
  keysHere: ReadonlySet<KeyId>,
  now: number,
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
  return warnings;
}
