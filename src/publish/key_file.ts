import { scryptAsync } from "@noble/hashes/scrypt.js";
import { decodeHex, encodeHex } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import {
  Ed25519Signer,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Key,
  parseJson,
  readKey,
  stringifyJson,
} from "../tuf/mod.ts";

const FORMAT = 1;

/** scrypt with 64 MiB of memory: what a guess at a passphrase costs (RFC 7914). */
const SCRYPT = { N: 2 ** 16, r: 8, p: 1, dkLen: 32 };
const SALT_BYTES = 16;
const IV_BYTES = 12;

/**
 * The bytes of a key file: JSON with the key id, the public key and the private one, encrypted by
 * AES-256-GCM under a key made of the passphrase when one is given, in the clear otherwise.
 */
export async function encodeKeyFile(
  signer: Ed25519Signer,
  passphrase?: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const secret: [string, JsonValue] = passphrase === undefined
    ? ["private", encodeHex(signer.seed())]
    : ["encrypted", await encrypt(signer.seed(), signer.keyId, passphrase)];
  const json = new Map<string, JsonValue>([
    ["format", FORMAT],
    ["keyid", signer.keyId],
    ["public", signer.key.json],
    secret,
  ]);
  return new TextEncoder().encode(stringifyJson(json) + "\n");
}

/** True when the private key of the file needs a passphrase. */
export function isEncryptedKeyFile(bytes: Uint8Array, name: string): boolean {
  return fieldsOf(bytes, name).has("encrypted");
}

/**
 * The public key of a key file, or of a file that holds nothing but the public key as metadata list it.
 *
 * @throws {BrecciaError} `metadata-malformed` or `key-invalid` when it is neither.
 */
export function readPublicKeyFile(bytes: Uint8Array, name: string): Key {
  const json = parseJson(bytes, name);
  return readKey(isJsonObject(json) ? json.get("public") ?? json : json, name);
}

/**
 * Reads a key file.
 *
 * @param name What to call the file in errors.
 * @throws {BrecciaError} `keystore` when it is broken, holds another key than it says, or the
 * passphrase is wrong or missing.
 */
export async function readKeyFile(
  bytes: Uint8Array,
  name: string,
  passphrase?: string,
): Promise<Ed25519Signer> {
  const fields = fieldsOf(bytes, name);
  const keyId = fields.get("keyid");
  if (fields.get("format") !== FORMAT || typeof keyId !== "string") {
    throw broken(name, "it is no key file; check the path");
  }
  const encrypted = fields.get("encrypted");
  const seed = isJsonObject(encrypted)
    ? await decrypt(encrypted, keyId, passphrase, name)
    : hexField(fields, "private");
  if (seed === undefined) throw broken(name, "it holds no private key; check the path");
  const signer = await Ed25519Signer.fromSeed(seed);
  if (signer.keyId !== keyId) {
    throw broken(name, "its private key is not that of its id; restore it from a backup");
  }
  return signer;
}

async function encrypt(seed: Uint8Array, keyId: string, passphrase: string): Promise<JsonObject> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const key = await keyOf(passphrase, salt, "encrypt");
  const data = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(keyId) },
    key,
    new Uint8Array(seed),
  );
  return new Map<string, JsonValue>([
    ["kdf", "scrypt"],
    ["cipher", "aes-256-gcm"],
    ["salt", encodeHex(salt)],
    ["iv", encodeHex(iv)],
    ["data", encodeHex(new Uint8Array(data))],
  ]);
}

async function decrypt(
  encrypted: JsonObject,
  keyId: string,
  passphrase: string | undefined,
  name: string,
): Promise<Uint8Array> {
  if (passphrase === undefined) {
    throw broken(name, "it is encrypted; give its passphrase in BRECCIA_PASSPHRASE");
  }
  const [salt, iv] = [hexField(encrypted, "salt"), hexField(encrypted, "iv")];
  const data = hexField(encrypted, "data");
  if (
    encrypted.get("kdf") !== "scrypt" || encrypted.get("cipher") !== "aes-256-gcm" ||
    salt?.length !== SALT_BYTES || iv?.length !== IV_BYTES || data === undefined
  ) throw broken(name, "it is encrypted in no way that is known; restore it from a backup");
  try {
    const key = await keyOf(passphrase, salt, "decrypt");
    // The key id is bound in, so that a file can't be given the secret of another key.
    const additionalData = new TextEncoder().encode(keyId);
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, data),
    );
  } catch (cause) {
    throw broken(name, "the passphrase is wrong or the file was altered; try again", cause);
  }
}

async function keyOf(
  passphrase: string,
  salt: Uint8Array,
  use: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  const bytes = await scryptAsync(passphrase.normalize("NFC"), salt, SCRYPT);
  return await crypto.subtle.importKey("raw", new Uint8Array(bytes), "AES-GCM", false, [use]);
}

function fieldsOf(bytes: Uint8Array, name: string): JsonObject {
  const json = parseJson(bytes, name);
  if (!isJsonObject(json)) throw broken(name, "it is no key file; check the path");
  return json;
}

function hexField(fields: JsonObject, field: string): Uint8Array<ArrayBuffer> | undefined {
  const text = fields.get(field);
  return typeof text === "string" ? decodeHex(text) : undefined;
}

function broken(name: string, why: string, cause?: unknown): BrecciaError {
  return new BrecciaError("keystore", `Cannot use the key ${name}: ${why}`, { cause });
}
