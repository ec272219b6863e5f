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

/** What a role's file name would be taken for, on file systems that fold case or normalise Unicode. */
const RESERVED_NAME = /^(?:\d+\.)*(?:root|timestamp|snapshot|targets)$/;

/**
 * Whether a delegated role can have this name: not one whose file would stand where that of a top-level
 * role stands (`2.root`, `TARGETS`), no longer than a file name can be, and well-formed Unicode. A role
 * with another name is read, since its delegator signed it, and can't be used.
 */
export function isDelegatedName(name: string): boolean {
  if (name === "" || !name.isWellFormed()) return false;
  // Room for a version before it and for a temporary name beside it.
  if (fileNameOf(name).length > METADATA_LIMITS.roleFileName) return false;
  return !RESERVED_NAME.test(name.normalize("NFKC").toLowerCase());
}

/**
 * The name under which a {@linkcode MetadataStore} keeps a role's metadata. Delegated roles have a
 * namespace of their own, in which two names are never one on file systems that fold case or normalise
 * Unicode: `keptNameOf("Team/ä")` is `"delegated/%54eam%2f%c3%a4.json"`.
 */
export function keptNameOf(role: string): string {
  if ((TOP_LEVEL_ROLES as readonly string[]).includes(role)) return fileNameOf(role);
  return `delegated/${fileNameOf(role).replace(/[A-Z]|%../g, escapeCase)}`;
}

/**
 * Where a role's metadata may have been kept: under {@linkcode keptNameOf}, or where versions of before the
 * namespace put it. That place is only read: what it holds is verified like all that is read from a store.
 */
export function keptNamesOf(role: string): readonly string[] {
  return [...new Set([keptNameOf(role), fileNameOf(role)])];
}

/** The role that {@linkcode keptNameOf} kept under `name`; `undefined` for top-level roles. */
export function delegatedRoleOf(name: string): string | undefined {
  const quoted = /^delegated\/(.*)\.json$/.exec(name)?.[1];
  return quoted === undefined ? undefined : decodeURIComponent(quoted);
}

function escapeCase(text: string): string {
  return text.startsWith("%") ? text.toLowerCase() : `%${text.charCodeAt(0).toString(16)}`;
}
