import { BrecciaError } from "../errors.ts";
import { encodeHex } from "../bytes/mod.ts";
import type { Fields } from "./fields.ts";
import { type JsonObject, jsonObject } from "./json.ts";

/** Digests by the name of their algorithm, in lower-case hex: `"sha256"` → `"9f86…"`. */
export type Hashes = ReadonlyMap<string, string>;

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

/** Reads the field `hashes`, which must hold at least one digest. */
export function readHashes(fields: Fields): Hashes {
  const hashes = fields.fields("hashes").object;
  if (hashes.size === 0) fields.fail("hashes", "an object with at least one digest");
  for (const digest of hashes.values()) {
    if (typeof digest !== "string") fields.fail("hashes", "digests in hexadecimal");
  }
  return hashes as Hashes;
}

const WEBCRYPTO_NAMES: ReadonlyMap<string, string> = new Map([
  ["sha256", "SHA-256"],
  ["sha384", "SHA-384"],
  ["sha512", "SHA-512"],
]);

/**
 * Throws unless `bytes` have every length and digest that `file` gives (TUF 5.5.2, 5.6.2). Digests by
 * algorithms unknown here are passed over, but at least one must be known.
 *
 * @throws {BrecciaError} `mix-and-match`.
 */
export async function checkMetaFile(
  bytes: Uint8Array,
  file: MetaFile,
  name: string,
): Promise<void> {
  if (file.length !== undefined && file.length !== bytes.length) {
    throw mismatch(name, `it has ${bytes.length} bytes where ${file.length} are signed`);
  }
  if (file.hashes === undefined) return;
  let known = 0;
  for (const [algorithm, expected] of file.hashes) {
    const webCryptoName = WEBCRYPTO_NAMES.get(algorithm);
    if (webCryptoName === undefined) continue;
    known++;
    const digest = await crypto.subtle.digest(webCryptoName, bytes as Uint8Array<ArrayBuffer>);
    const actual = encodeHex(new Uint8Array(digest));
    if (actual !== expected.toLowerCase()) {
      throw mismatch(name, `its ${algorithm} is ${actual} where ${expected} is signed`);
    }
  }
  if (known === 0) throw mismatch(name, "its digests are signed by unknown algorithms only");
}

function mismatch(name: string, why: string): BrecciaError {
  return new BrecciaError(
    "mix-and-match",
    `Cannot accept ${name}: ${why}; a mirror mixes files of different releases or alters them, so use another mirror`,
  );
}
