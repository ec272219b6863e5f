import type { Fields } from "./fields.ts";
import { encodeHead, HEAD_FIELDS, type MetadataHead, readHead } from "./head.ts";
import { type JsonObject, jsonObject } from "./json.ts";
import { encodeKeys, type Key, type KeyId, readKeys } from "./key.ts";
import {
  encodeRoleKeys,
  readRoleKeys,
  type RoleKeys,
  TOP_LEVEL_ROLES,
  type TopLevelRole,
} from "./role.ts";

/** Root metadata: whose signatures count for the top-level roles (TUF 4.3). */
export interface Root extends MetadataHead {
  /** Tells it from other metadata. */
  readonly type: "root";
  /** Whether file names carry versions and hashes (TUF 6.2). */
  readonly consistentSnapshot: boolean;
  /** Every key that a top-level role names. */
  readonly keys: ReadonlyMap<KeyId, Key>;
  /** Who signs each of the four roles. */
  readonly roles: ReadonlyMap<TopLevelRole, RoleKeys>;
}

/** Reads the signed part of a root file. */
export function readRoot(fields: Fields): Root {
  const head = readHead(fields, "root");
  const roles = fields.fields("roles");
  const unknown = fields.except(...HEAD_FIELDS, "consistent_snapshot", "keys", "roles");
  return {
    type: "root",
    ...head,
    // TUF 4.3 calls it optional; without it, the repository has no consistent snapshots.
    consistentSnapshot: fields.has("consistent_snapshot") && fields.boolean("consistent_snapshot"),
    keys: readKeys(fields.object.get("keys"), `${fields.path}.keys`),
    roles: new Map(TOP_LEVEL_ROLES.map((role) => [role, readRole(roles.fields(role))])),
    ...(unknown && { unknown }),
  };
}

/** The signed part of a root file. */
export function encodeRoot(root: Root): JsonObject {
  const roles = Array.from(
    root.roles,
    ([name, role]) => [name, jsonObject(encodeRoleKeys(role), role.unknown)] as const,
  );
  return jsonObject([
    ...encodeHead("root", root),
    ["consistent_snapshot", root.consistentSnapshot],
    ["keys", encodeKeys(root.keys)],
    ["roles", jsonObject(roles, undefined)],
  ], root.unknown);
}

function readRole(fields: Fields): RoleKeys {
  const unknown = fields.except("keyids", "threshold");
  return { ...readRoleKeys(fields), ...(unknown && { unknown }) };
}
