import { encodeHex, sha256 } from "../bytes/mod.ts";
import { METADATA_LIMITS } from "../limits.ts";
import { Fields } from "./fields.ts";
import { binRole, encodeHashBins, type HashBins, readHashBins } from "./hash_bins.ts";
import { type JsonObject, jsonObject, type JsonValue } from "./json.ts";
import { encodeKeys, type Key, type KeyId, readKeys } from "./key.ts";
import { matchesPathPattern } from "./path_pattern.ts";
import { encodeRoleKeys, readRoleKeys, type RoleKeys, TOP_LEVEL_ROLES } from "./role.ts";

/** To whom a targets role delegates (TUF 4.5): a list of roles, or succinct hash bins (TAP 15). */
export interface Delegations {
  /** The keys that the roles below name. */
  readonly keys: ReadonlyMap<KeyId, Key>;
  /** Whom it delegates to: roles in order of priority, or hash bins. */
  readonly to: readonly DelegatedRole[] | HashBins;
  /** Signed fields that this version of TUF does not know. */
  readonly unknown?: JsonObject;
}

/** One delegation: who may sign which target paths. */
export interface DelegatedRole extends RoleKeys {
  /** Its name, which is also the name of its file. */
  readonly name: string;
  /** When it matches a target, no later delegation is asked. */
  readonly terminating: boolean;
  /** Which targets it may speak of. */
  readonly scope: DelegationScope;
  /** Signed fields that this version of TUF does not know. */
  readonly unknown?: JsonObject;
}

/** The targets of a delegation: by patterns of their path, or by prefixes of the path's SHA-256. */
export type DelegationScope =
  | { readonly paths: readonly string[] }
  | { readonly pathHashPrefixes: readonly string[] };

/** Whom a delegation gives a target to; hash bins have no scope of their own. */
export type DelegatedKeys = RoleKeys & {
  readonly name: string;
  readonly terminating: boolean;
  readonly scope?: DelegationScope;
};

/**
 * The delegated roles that may speak of a target, in order of priority. `spend` is told of each step of
 * comparing, and may throw or take a while.
 */
export async function rolesFor(
  delegations: Delegations,
  path: string,
  spend: (steps: number) => Promise<void> | undefined,
): Promise<readonly DelegatedKeys[]> {
  const { to } = delegations;
  let hash: string | undefined;
  const pathHash = async (): Promise<string> =>
    hash ??= encodeHex(await sha256(new TextEncoder().encode(path)));
  if ("bitLength" in to) return [binRole(to, await pathHash())];
  const roles: DelegatedRole[] = [];
  for (const role of to) {
    const { scope } = role;
    const holds = "paths" in scope
      ? await matchesSome(scope.paths, path, spend)
      : await isPrefixed(scope.pathHashPrefixes, await pathHash(), spend);
    if (holds) roles.push(role);
  }
  return roles;
}

async function matchesSome(
  patterns: readonly string[],
  path: string,
  spend: (steps: number) => Promise<void> | undefined,
): Promise<boolean> {
  for (const pattern of patterns) {
    const count = { steps: 0 };
    const matches = matchesPathPattern(pattern, path, count);
    const pause = spend(count.steps);
    if (pause !== undefined) await pause;
    if (matches) return true;
  }
  return false;
}

async function isPrefixed(
  prefixes: readonly string[],
  hash: string,
  spend: (steps: number) => Promise<void> | undefined,
): Promise<boolean> {
  await spend(prefixes.length);
  return prefixes.some((prefix) => hash.startsWith(prefix.toLowerCase()));
}

/** Reads the field `delegations` of targets metadata. */
export function readDelegations(fields: Fields): Delegations {
  const unknown = fields.except("keys", "roles", "succinct_roles");
  if (fields.has("roles") === fields.has("succinct_roles")) {
    fields.fail("roles", "there, or else succinct_roles, and not both");
  }
  return {
    keys: readKeys(fields.object.get("keys"), `${fields.path}.keys`),
    to: fields.has("roles") ? readRoles(fields) : readHashBins(fields.fields("succinct_roles")),
    ...(unknown && { unknown }),
  };
}

/** The field `delegations` of targets metadata. */
export function encodeDelegations({ keys, to, unknown }: Delegations): JsonObject {
  return jsonObject([
    ["keys", encodeKeys(keys)],
    "bitLength" in to
      ? ["succinct_roles", encodeHashBins(to)]
      : ["roles", to.map(encodeDelegatedRole)],
  ], unknown);
}

/** Throws unless `name` may name a delegated role: not empty, and none of the top-level ones. */
function checkDelegatedName(fields: Fields, field: string, name: string): void {
  if (name === "" || (TOP_LEVEL_ROLES as readonly string[]).includes(name)) {
    fields.fail(field, "a name that is not empty and not that of a top-level role");
  }
}

function readRoles(fields: Fields): readonly DelegatedRole[] {
  const roles = fields.array("roles").map((value, index) =>
    readDelegatedRole(new Fields(value, `${fields.path}.roles[${index}]`))
  );
  // One name twice would make it ambiguous whose keys count.
  if (new Set(roles.map((role) => role.name)).size !== roles.length) {
    fields.fail("roles", "a list without repeated names");
  }
  return roles;
}

function readDelegatedRole(fields: Fields): DelegatedRole {
  const unknown = fields.except(
    "name",
    "keyids",
    "threshold",
    "terminating",
    "paths",
    "path_hash_prefixes",
  );
  const name = fields.string("name");
  checkDelegatedName(fields, "name", name);
  if (fields.has("paths") === fields.has("path_hash_prefixes")) {
    fields.fail("paths", "there, or else path_hash_prefixes, and not both");
  }
  return {
    name,
    ...readRoleKeys(fields),
    terminating: fields.boolean("terminating"),
    scope: fields.has("paths")
      ? { paths: readPatterns(fields) }
      : { pathHashPrefixes: fields.strings("path_hash_prefixes") },
    ...(unknown && { unknown }),
  };
}

function readPatterns(fields: Fields): readonly string[] {
  const patterns = fields.strings("paths");
  const most = METADATA_LIMITS.pathPattern;
  if (patterns.some(({ length }) => length > most)) {
    fields.fail("paths", `a list of patterns of at most ${most} characters`);
  }
  return patterns;
}

function encodeDelegatedRole(role: DelegatedRole): JsonObject {
  const scope: [string, JsonValue] = "paths" in role.scope
    ? ["paths", role.scope.paths]
    : ["path_hash_prefixes", role.scope.pathHashPrefixes];
  return jsonObject(
    [["name", role.name], ...encodeRoleKeys(role), ["terminating", role.terminating], scope],
    role.unknown,
  );
}
