import { encodeHex, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { METADATA_LIMITS } from "../limits.ts";
import { encodeCanonicalJson } from "./canonical_json.ts";
import { Fields } from "./fields.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { PublicKey } from "./public_key.ts";

/** Name of a key in metadata: by convention the SHA-256, in hex, of the key's canonical JSON. */
export type KeyId = string;

/** A public key as metadata lists it. */
export interface Key {
  /** The object in the metadata, with whatever fields it has. */
  readonly json: JsonObject;
  /** `"ed25519"`, `"ecdsa"`, `"rsa"` or another. */
  readonly keytype: string;
  /** How it signs: `"ed25519"`, `"ecdsa-sha2-nistp256"`, `"rsassa-pss-sha256"` or another. */
  readonly scheme: string;
  /** What verifies its signatures; `undefined` when its type or scheme is unknown here. */
  readonly publicKey: PublicKey | undefined;
}

/**
 * Reads a key object. A key of an unknown type or scheme is kept, and verifies nothing.
 *
 * @throws {BrecciaError} `metadata-malformed`; `key-invalid` when the key is broken or unsafe.
 */
export function readKey(value: JsonValue | undefined, path: string): Key {
  const fields = new Fields(value, path);
  const keytype = fields.string("keytype");
  const scheme = fields.string("scheme");
  const publicText = fields.fields("keyval").object.get("public");
  const publicKey = typeof publicText === "string"
    ? PublicKey.read(keytype, scheme, publicText)
    : undefined;
  return { json: fields.object, keytype, scheme, publicKey };
}

/**
 * The key id of a key: SHA-256 of its canonical JSON. Only a publisher needs it. A client takes key
 * ids as names: real repositories have ids that don't recompute, and nothing rests on it, because
 * thresholds count keys and not ids.
 */
export async function computeKeyId(key: Key): Promise<KeyId> {
  return encodeHex(await sha256(encodeCanonicalJson(key.json)));
}

/** Reads a map from key id to key. */
export function readKeys(value: JsonValue | undefined, path: string): ReadonlyMap<KeyId, Key> {
  const keys = new Map<KeyId, Key>();
  const { object } = new Fields(value, path);
  if (object.size > METADATA_LIMITS.keys) {
    throw new BrecciaError(
      "metadata-malformed",
      `Cannot accept ${path}: it lists ${object.size} keys, and ${METADATA_LIMITS.keys} are the most; ` +
        `tell the publisher`,
    );
  }
  for (const [keyId, key] of object) {
    keys.set(keyId, readKey(key, `${path}.${keyId}`));
  }
  return keys;
}

/** The JSON of a map from key id to key. */
export function encodeKeys(keys: ReadonlyMap<KeyId, Key>): JsonObject {
  return new Map(Array.from(keys, ([keyId, key]) => [keyId, key.json]));
}
