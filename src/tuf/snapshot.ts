import type { Fields } from "./fields.ts";
import { encodeHead, HEAD_FIELDS, type MetadataHead, readHead } from "./head.ts";
import { type JsonObject, jsonObject } from "./json.ts";
import { encodeMetaFile, type MetaFile, readMetaFile } from "./meta_file.ts";

/** Snapshot metadata: the versions of all targets metadata that belong together (TUF 4.4). */
export interface Snapshot extends MetadataHead {
  /** Tells it from other metadata. */
  readonly type: "snapshot";
  /** By file name without version, unquoted: `"targets.json"`, `"team/a.json"`. */
  readonly meta: ReadonlyMap<string, MetaFile>;
}

/** Reads the signed part of a snapshot file. */
export function readSnapshot(fields: Fields): Snapshot {
  const head = readHead(fields, "snapshot");
  const unknown = fields.except(...HEAD_FIELDS, "meta");
  const files = fields.fields("meta");
  const meta = new Map<string, MetaFile>();
  for (const name of files.object.keys()) meta.set(name, readMetaFile(files.fields(name)));
  if (!meta.has("targets.json")) fields.fail("meta", 'an object that names "targets.json"');
  return { type: "snapshot", ...head, meta, ...(unknown && { unknown }) };
}

/** The signed part of a snapshot file. */
export function encodeSnapshot(snapshot: Snapshot): JsonObject {
  const meta = new Map(Array.from(snapshot.meta, ([name, file]) => [name, encodeMetaFile(file)]));
  return jsonObject([...encodeHead("snapshot", snapshot), ["meta", meta]], snapshot.unknown);
}
