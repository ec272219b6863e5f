import { METADATA_LIMITS } from "../limits.ts";
import { encodeCanonicalJson } from "./canonical_json.ts";
import { Fields } from "./fields.ts";
import type { JsonObject } from "./json.ts";
import { parseJsonFile } from "./json_parser.ts";
import type { KeyId } from "./key.ts";
import { encodeRoot, readRoot, type Root } from "./root.ts";
import { encodeSnapshot, readSnapshot, type Snapshot } from "./snapshot.ts";
import { encodeTargets, readTargets, type Targets } from "./targets.ts";
import { encodeTimestamp, readTimestamp, type Timestamp } from "./timestamp.ts";

/** The signed part of each kind of metadata. */
export interface MetadataByType {
  /** Whose signatures count. */
  root: Root;
  /** Which snapshot is the newest. */
  timestamp: Timestamp;
  /** Which targets metadata belong together. */
  snapshot: Snapshot;
  /** Which files are licensed; delegated roles too. */
  targets: Targets;
}

/** Kinds of metadata. Delegated roles are of kind `targets`. */
export type MetadataType = keyof MetadataByType;

/** The signed part of any metadata. */
export type Metadata = MetadataByType[MetadataType];

/** A metadata file that was read and not verified: nothing in it may be believed yet. */
export interface UnverifiedMetadata<T extends MetadataType> {
  /** What it claims. */
  readonly signed: MetadataByType[T];
  /** The canonical JSON of the signed part, unknown fields included: what signatures are over. */
  readonly signedBytes: Uint8Array;
  /** Signatures in hex by key id. */
  readonly signatures: ReadonlyMap<KeyId, string>;
  /** The file, byte for byte as received. */
  readonly bytes: Uint8Array;
  /** What to call it in errors: `"root.json"`. */
  readonly name: string;
}

const READERS: { readonly [T in MetadataType]: (fields: Fields) => MetadataByType[T] } = {
  root: readRoot,
  timestamp: readTimestamp,
  snapshot: readSnapshot,
  targets: readTargets,
};

/**
 * Reads a metadata file without believing it.
 *
 * @throws {BrecciaError} `metadata-malformed` when it is not such metadata or lists a key id twice
 * among its signatures; `metadata-mismatch` when it is of another type; `key-invalid` when it lists
 * an unsafe or broken key.
 */
export function readMetadata<T extends MetadataType>(
  bytes: Uint8Array,
  type: T,
  name: string,
): UnverifiedMetadata<T> {
  const { value, canonicalMembers } = parseJsonFile(bytes, name);
  const file = new Fields(value, name);
  const signed = file.fields("signed");
  return {
    signed: READERS[type](signed),
    signedBytes: canonicalMembers.get("signed") ?? encodeCanonicalJson(signed.object),
    signatures: readSignatures(file),
    bytes,
    name,
  };
}

/** The signed part of metadata as JSON, with the fields that were unknown when it was read. */
export function encodeMetadata(metadata: Metadata): JsonObject {
  switch (metadata.type) {
    case "root":
      return encodeRoot(metadata);
    case "timestamp":
      return encodeTimestamp(metadata);
    case "snapshot":
      return encodeSnapshot(metadata);
    case "targets":
      return encodeTargets(metadata);
  }
}

function readSignatures(file: Fields): ReadonlyMap<KeyId, string> {
  const listed = file.array("signatures");
  if (listed.length > METADATA_LIMITS.signatures) {
    file.fail("signatures", `a list of at most ${METADATA_LIMITS.signatures} signatures`);
  }
  const signatures = new Map<KeyId, string>();
  for (const [index, value] of listed.entries()) {
    const signature = new Fields(value, `${file.path}.signatures[${index}]`);
    const keyId = signature.string("keyid");
    // TUF 4.2: key ids are unique among the signatures; twice is an attempt to be counted twice.
    if (signatures.has(keyId)) signature.fail("keyid", "listed once");
    signatures.set(keyId, signature.string("sig"));
  }
  return signatures;
}
