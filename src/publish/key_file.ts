import { decodeHex, encodeHex } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import {
  Ed25519Signer,
  isJsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from "../tuf/mod.ts";

const FORMAT = 1;

/** The bytes of a key file: JSON with the key id, the public key and the private one, in the clear. */
export function encodeKeyFile(signer: Ed25519Signer): Uint8Array<ArrayBuffer> {
  const json = new Map<string, JsonValue>([
    ["format", FORMAT],
    ["keyid", signer.keyId],
    ["public", signer.key.json],
    ["private", encodeHex(signer.seed())],
  ]);
  return new TextEncoder().encode(stringifyJson(json) + "\n");
}

/**
 * Reads a key file.
 *
 * @param name What to call the file in errors.
 * @throws {BrecciaError} `keystore` when it is broken, or holds another key than it says.
 */
export async function readKeyFile(bytes: Uint8Array, name: string): Promise<Ed25519Signer> {
  const json = parseJson(bytes, name);
  const field = (key: string) => isJsonObject(json) ? json.get(key) : undefined;
  const secret = field("private");
  const seed = typeof secret === "string" ? decodeHex(secret) : undefined;
  if (field("format") !== FORMAT || seed === undefined) throw broken(name, "it is no key file");
  const signer = await Ed25519Signer.fromSeed(seed);
  if (signer.keyId !== field("keyid")) throw broken(name, "its private key is not that of its id");
  return signer;
}

function broken(name: string, why: string): BrecciaError {
  return new BrecciaError(
    "keystore",
    `Cannot use the key ${name}: ${why}; restore it from a backup`,
  );
}
