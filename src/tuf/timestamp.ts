import type { Fields } from "./fields.ts";
import { encodeHead, HEAD_FIELDS, type MetadataHead, readHead } from "./head.ts";
import { type JsonObject, jsonObject } from "./json.ts";
import { encodeMetaFile, type MetaFile, readMetaFile } from "./meta_file.ts";

/** Timestamp metadata: which snapshot is the newest (TUF 4.6). */
export interface Timestamp extends MetadataHead {
  /** Tells it from other metadata. */
  readonly type: "timestamp";
  /** What is said of `snapshot.json`, the only file it speaks of. */
  readonly snapshot: MetaFile;
}

const SNAPSHOT_FILE = "snapshot.json";

/** Reads the signed part of a timestamp file. */
export function readTimestamp(fields: Fields): Timestamp {
  const head = readHead(fields, "timestamp");
  const unknown = fields.except(...HEAD_FIELDS, "meta");
  return {
    type: "timestamp",
    ...head,
    snapshot: readMetaFile(fields.fields("meta").fields(SNAPSHOT_FILE)),
    ...(unknown && { unknown }),
  };
}

/** The signed part of a timestamp file. */
export function encodeTimestamp(timestamp: Timestamp): JsonObject {
  const meta = new Map([[SNAPSHOT_FILE, encodeMetaFile(timestamp.snapshot)]]);
  return jsonObject([...encodeHead("timestamp", timestamp), ["meta", meta]], timestamp.unknown);
}
