import { decodeHex, encodeHex } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { JsonValue } from "./json.ts";
import { computeKeyId, type Key, type KeyId, readKey } from "./key.ts";
import type { Signer } from "./signer.ts";

/** Length of an Ed25519 seed, the whole of a private key, in bytes. */
const ED25519_SEED_BYTES = 32;

/** What precedes the seed in the PKCS #8 form of an Ed25519 key (RFC 8410, section 7). */
const PKCS8_PREFIX = decodeHex("302e020100300506032b657004220420") as Uint8Array;

/**
 * Signs with an Ed25519 key held in memory.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * const signer = await Ed25519Signer.generate();
 * const again = await Ed25519Signer.fromSeed(signer.seed());
 * assert.equal(again.keyId, signer.keyId);
 * ```
 */
export class Ed25519Signer implements Signer {
  readonly key: Key;
  readonly keyId: KeyId;
  readonly #seed: Uint8Array;
  readonly #privateKey: CryptoKey;

  private constructor(key: Key, keyId: KeyId, seed: Uint8Array, privateKey: CryptoKey) {
    this.key = key;
    this.keyId = keyId;
    this.#seed = seed;
    this.#privateKey = privateKey;
  }

  /** A new key from the runtime's randomness. */
  static generate(): Promise<Ed25519Signer> {
    return Ed25519Signer.fromSeed(crypto.getRandomValues(new Uint8Array(ED25519_SEED_BYTES)));
  }

  /**
   * The key of a seed of 32 bytes.
   *
   * @throws {BrecciaError} `key-invalid` when the seed has another length.
   */
  static async fromSeed(seed: Uint8Array): Promise<Ed25519Signer> {
    if (seed.length !== ED25519_SEED_BYTES) throw notEd25519();
    const pkcs8 = new Uint8Array([...PKCS8_PREFIX, ...seed]);
    const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", privateKey);
    const key = ed25519Key(decodeBase64Url(x as string));
    return new Ed25519Signer(key, await computeKeyId(key), seed.slice(), privateKey);
  }

  /**
   * The key in a PKCS #8 file (DER), as `openssl genpkey -algorithm ed25519` makes it.
   *
   * @throws {BrecciaError} `key-invalid` when it holds something else.
   */
  static async fromPkcs8(pkcs8: Uint8Array): Promise<Ed25519Signer> {
    let jwk: JsonWebKey;
    try {
      const key = await crypto.subtle.importKey(
        "pkcs8",
        new Uint8Array(pkcs8),
        "Ed25519",
        true,
        ["sign"],
      );
      jwk = await crypto.subtle.exportKey("jwk", key);
    } catch (cause) {
      throw notEd25519(cause);
    }
    return await Ed25519Signer.fromSeed(decodeBase64Url(jwk.d as string));
  }

  /** The seed, 32 secret bytes. */
  seed(): Uint8Array<ArrayBuffer> {
    return this.#seed.slice() as Uint8Array<ArrayBuffer>;
  }

  /** The private key in PKCS #8 (DER). */
  pkcs8(): Uint8Array<ArrayBuffer> {
    return new Uint8Array([...PKCS8_PREFIX, ...this.#seed]);
  }

  /** Signs `message`: 64 bytes. */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    const data = message as Uint8Array<ArrayBuffer>;
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.#privateKey, data));
  }
}

/** The key object of an Ed25519 public key, 32 bytes. */
function ed25519Key(publicKey: Uint8Array): Key {
  const keyval = new Map([["public", encodeHex(publicKey)]]);
  const json = new Map<string, JsonValue>([
    ["keytype", "ed25519"],
    ["scheme", "ed25519"],
    ["keyval", keyval],
  ]);
  return readKey(json, "the Ed25519 key");
}

function decodeBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function notEd25519(cause?: unknown): BrecciaError {
  return new BrecciaError(
    "key-invalid",
    "Cannot use the private key: it is not an Ed25519 key; make one with `breccia keys generate`",
    { cause },
  );
}
