import { BrecciaError } from "../errors.ts";
import type { Fields } from "./fields.ts";
import { type Hashes, mismatch, readHashes } from "./hashes.ts";
import { type JsonObject, jsonObject } from "./json.ts";

/** What timestamp and snapshot metadata say of another metadata file (TUF 4.4). */
export interface MetaFile {
  /** The version that the file must have. */
  readonly version: number;
  /** Length in bytes, where the publisher says it. */
  readonly length?: number;
  /** Digests of the file's bytes, where the publisher says them. */
  readonly hashes?: Hashes;
  /** Signed fields that this version of TUF does not know. */
  readonly unknown?: JsonObject;
}

/** Reads what a parent says of a metadata file. */
export function readMetaFile(fields: Fields): MetaFile {
  const unknown = fields.except("version", "length", "hashes");
  return {
    version: fields.integer("version", 1),
    ...(fields.has("length") && { length: fields.integer("length", 0) }),
    ...(fields.has("hashes") && { hashes: readHashes(fields) }),
    ...(unknown && { unknown }),
  };
}

/** What a parent says of a metadata file, as JSON. */
export function encodeMetaFile(file: MetaFile): JsonObject {
  return jsonObject(
    [["version", file.version], ["length", file.length], ["hashes", file.hashes]],
    file.unknown,
  );
}

/**
 * Throws unless `bytes` have every length and digest that `file` gives (TUF 5.5.2, 5.6.2).
 *
 * @throws {BrecciaError} `mix-and-match`.
 */
export async function checkMetaFile(
  bytes: Uint8Array,
  file: MetaFile,
  name: string,
): Promise<void> {
  const why = await mismatch(bytes, file);
  if (why === undefined) return;
  throw new BrecciaError(
    "mix-and-match",
    `Cannot accept ${name}: ${why}; a mirror mixes files of different releases or alters them, so use another mirror`,
  );
}
