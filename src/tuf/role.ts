import { METADATA_LIMITS } from "../limits.ts";
import type { Fields } from "./fields.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { KeyId } from "./key.ts";

/** The four roles that every repository has, in the order a client verifies them. */
export const TOP_LEVEL_ROLES = ["root", "timestamp", "snapshot", "targets"] as const;

/** One of the four roles that every repository has. */
export type TopLevelRole = typeof TOP_LEVEL_ROLES[number];

/** Who may sign a role, and how many of them must. */
export interface RoleKeys {
  /** The keys that may sign, each once. */
  readonly keyIds: readonly KeyId[];
  /** How many distinct keys must sign; at least 1. */
  readonly threshold: number;
  /** Signed fields that this version of TUF does not know. */
  readonly unknown?: JsonObject;
}

/** Reads `keyids` and `threshold` of a role. A threshold of 0 would accept anything: refused. */
export function readRoleKeys(fields: Fields): RoleKeys {
  const keyIds = fields.distinctStrings("keyids");
  if (keyIds.length > METADATA_LIMITS.roleKeys) {
    fields.fail("keyids", `a list of at most ${METADATA_LIMITS.roleKeys} keys`);
  }
  return {
    keyIds,
    threshold: fields.integer("threshold", 1),
  };
}

/** The fields of {@linkcode RoleKeys} as JSON. */
export function encodeRoleKeys(role: RoleKeys): [string, JsonValue][] {
  return [["keyids", role.keyIds], ["threshold", role.threshold]];
}

/**
 * The name of a role's metadata file, percent-encoded, so that a role named `../x`, `a?b` or `#` is
 * one segment of a URL and one file name: `fileNameOf("../x")` is `"..%2Fx.json"`. With `version`,
 * as consistent snapshots name it: `"3.targets.json"`.
 */
export function fileNameOf(role: string, version?: number): string {
  const quoted = encodeURIComponent(role).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${version === undefined ? "" : `${version}.`}${quoted}.json`;
}
