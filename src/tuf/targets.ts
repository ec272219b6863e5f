import { type Delegations, encodeDelegations, readDelegations } from "./delegations.ts";
import type { Fields } from "./fields.ts";
import { encodeHead, HEAD_FIELDS, type MetadataHead, readHead } from "./head.ts";
import { isJsonObject, type JsonObject, jsonObject } from "./json.ts";
import { type Hashes, readHashes } from "./hashes.ts";

/** Targets metadata: the files a role vouches for, and whom it delegates to (TUF 4.5). */
export interface Targets extends MetadataHead {
  /** Tells it from other metadata. */
  readonly type: "targets";
  /** By target path: relative, `/`-separated. */
  readonly targets: ReadonlyMap<string, TargetFile>;
  /** Whom it lets speak of some targets in its stead. */
  readonly delegations?: Delegations;
}

/** What targets metadata say of one file. */
export interface TargetFile {
  /** Length in bytes. */
  readonly length: number;
  /** Digests of its bytes. */
  readonly hashes: Hashes;
  /** The publisher's own fields. */
  readonly custom?: JsonObject;
  /** Signed fields that this version of TUF does not know. */
  readonly unknown?: JsonObject;
}

/** Reads the signed part of a targets file, top-level or delegated. */
export function readTargets(fields: Fields): Targets {
  const head = readHead(fields, "targets");
  const unknown = fields.except(...HEAD_FIELDS, "targets", "delegations");
  const files = fields.fields("targets");
  const targets = new Map<string, TargetFile>();
  for (const path of files.object.keys()) targets.set(path, readTargetFile(files.fields(path)));
  return {
    type: "targets",
    ...head,
    targets,
    ...(fields.has("delegations") &&
      { delegations: readDelegations(fields.fields("delegations")) }),
    ...(unknown && { unknown }),
  };
}

/** The signed part of a targets file. */
export function encodeTargets(targets: Targets): JsonObject {
  const files = Array.from(
    targets.targets,
    ([path, file]) => [path, encodeTargetFile(file)] as const,
  );
  return jsonObject([
    ...encodeHead("targets", targets),
    ["targets", new Map(files)],
    ["delegations", targets.delegations && encodeDelegations(targets.delegations)],
  ], targets.unknown);
}

function readTargetFile(fields: Fields): TargetFile {
  const unknown = fields.except("length", "hashes", "custom");
  const custom = fields.object.get("custom");
  if (custom !== undefined && !isJsonObject(custom)) fields.fail("custom", "an object");
  return {
    length: fields.integer("length", 0),
    hashes: readHashes(fields),
    ...(custom && { custom }),
    ...(unknown && { unknown }),
  };
}

function encodeTargetFile(file: TargetFile): JsonObject {
  return jsonObject(
    [["length", file.length], ["hashes", file.hashes], ["custom", file.custom]],
    file.unknown,
  );
}
