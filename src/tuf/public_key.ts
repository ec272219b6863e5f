import { decodeHex, encodeHex, equalBytes } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { ecdsaSignatureFromDer, readRsaNumbers, readSubjectPublicKeyInfo } from "./der.ts";
import { decodePublicPem } from "./pem.ts";
import { isCanonicalPoint, isSmallOrder } from "./small_order.ts";

type Algorithm = "Ed25519" | "P-256" | "P-384" | "RSA-PSS" | "RSASSA-PKCS1-v1_5";

/** RSA moduli below this are within reach of factoring; above, verifying gets slow enough to stall. */
const RSA_BITS = { least: 2048, most: 8192 } as const;

const CURVES = {
  "P-256": { scalarBytes: 32, hash: "SHA-256", oid: "2a8648ce3d030107" },
  "P-384": { scalarBytes: 48, hash: "SHA-384", oid: "2b81040022" },
} as const;
const EC_PUBLIC_KEY_OID = "2a8648ce3d0201";
const RSA_OID = "2a864886f70d010101";

/**
 * A public key that this client can verify with, checked when it is read: wrong curve, small-order
 * point, short modulus and broken encodings never become a `PublicKey`.
 */
export class PublicKey {
  readonly #algorithm: Algorithm;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #verifier: Promise<Verifier> | undefined;

  private constructor(algorithm: Algorithm, bytes: Uint8Array) {
    this.#algorithm = algorithm;
    this.#bytes = new Uint8Array(bytes);
  }

  /**
   * Reads the `keyval.public` of a key of this type and scheme, in the forms found in the wild: hex
   * or PEM (with LF or CRLF). Returns `undefined` for a type or scheme unknown here, whose signatures
   * simply don't count.
   *
   * @throws {BrecciaError} `key-invalid` when the type is known and the key is unsafe or broken.
   */
  static read(keytype: string, scheme: string, text: string): PublicKey | undefined {
    if (keytype === "ed25519" && scheme === "ed25519") {
      return new PublicKey("Ed25519", readEd25519(text));
    }
    if (keytype === "rsa" && scheme === "rsassa-pss-sha256") {
      return new PublicKey("RSA-PSS", readRsa(text));
    }
    if (keytype === "rsa" && scheme === "rsa-pkcs1v15-sha256") {
      return new PublicKey("RSASSA-PKCS1-v1_5", readRsa(text));
    }
    if (!["ecdsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"].includes(keytype)) {
      return undefined;
    }
    if (scheme === "ecdsa-sha2-nistp256") return new PublicKey("P-256", readPoint(text, "P-256"));
    if (scheme === "ecdsa-sha2-nistp384") return new PublicKey("P-384", readPoint(text, "P-384"));
    return undefined;
  }

  /**
   * Equal for equal keys, whatever the form and the scheme they came in and the key id they are
   * listed under: `#bytes` is the one encoding of the key's numbers, others are refused when it is read.
   */
  get identity(): string {
    return encodeHex(this.#bytes);
  }

  /** True when `signature` is this key's signature over `message`. */
  async verify(message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    this.#verifier ??= this.#makeVerifier();
    const verify = await this.#verifier;
    return await verify(message as Uint8Array<ArrayBuffer>, new Uint8Array(signature));
  }

  async #makeVerifier(): Promise<Verifier> {
    const { subtle } = crypto;
    switch (this.#algorithm) {
      case "Ed25519": {
        if (!await hasEd25519()) return await portableEd25519(this.#bytes);
        const key = await this.#import("raw", "Ed25519");
        return (message, signature) => subtle.verify("Ed25519", key, signature, message);
      }
      case "RSASSA-PKCS1-v1_5": {
        const key = await this.#import("spki", { name: this.#algorithm, hash: "SHA-256" });
        return (message, signature) => subtle.verify("RSASSA-PKCS1-v1_5", key, signature, message);
      }
      case "RSA-PSS": {
        const key = await this.#import("spki", { name: this.#algorithm, hash: "SHA-256" });
        return (message, signature) => verifyPss(key, message, signature);
      }
      default: {
        const { scalarBytes, hash } = CURVES[this.#algorithm];
        const key = await this.#import("raw", { name: "ECDSA", namedCurve: this.#algorithm });
        return async (message, signature) => {
          const raw = ecdsaSignatureFromDer(signature, scalarBytes);
          return raw !== undefined &&
            await subtle.verify({ name: "ECDSA", hash }, key, raw, message);
        };
      }
    }
  }

  async #import(
    format: "raw" | "spki",
    algorithm: "Ed25519" | RsaHashedImportParams | EcKeyImportParams,
  ): Promise<CryptoKey> {
    try {
      return await crypto.subtle.importKey(format, this.#bytes, algorithm, true, ["verify"]);
    } catch (cause) {
      throw invalid(`it is not a ${this.#algorithm} key`, cause);
    }
  }
}

/** Whether a signature is a key's over a message. */
type Verifier = (
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
) => Promise<boolean>;

/** The base point of Ed25519: a key that every runtime with Ed25519 takes (RFC 8032, section 5.1). */
const BASE_POINT = new Uint8Array(32).fill(0x66).with(0, 0x58);

/** Whether WebCrypto knows Ed25519: browsers before 2025 often don't. */
async function hasEd25519(): Promise<boolean> {
  try {
    await crypto.subtle.importKey("raw", BASE_POINT, "Ed25519", true, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

/** Ed25519 in TypeScript, loaded only where WebCrypto has none; strict as RFC 8032, not as ZIP 215. */
async function portableEd25519(key: Uint8Array): Promise<Verifier> {
  const { ed25519 } = await import("@noble/curves/ed25519.js");
  return (message, signature) =>
    Promise.resolve(
      signature.length === 64 && ed25519.verify(signature, message, key, { zip215: false }),
    );
}

/**
 * The field signs with salts of the digest's length or the longest that fits. Others are not tried: each
 * costs a verification, and a key of 4096 bits has 479 of them.
 */
async function verifyPss(
  key: CryptoKey,
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const { modulusLength } = key.algorithm as RsaKeyAlgorithm;
  const longest = Math.ceil((modulusLength - 1) / 8) - 32 - 2;
  for (const saltLength of [32, longest]) {
    const algorithm = { name: "RSA-PSS", saltLength };
    if (await crypto.subtle.verify(algorithm, key, signature, message)) return true;
  }
  return false;
}

function readEd25519(text: string): Uint8Array {
  const point = decodeHex(text);
  if (point?.length !== 32) throw invalid("an Ed25519 key must be 32 bytes in hexadecimal");
  if (!isCanonicalPoint(point)) {
    throw invalid("an Ed25519 key must be a point in its one encoding");
  }
  if (isSmallOrder(point)) {
    throw invalid("it is a small-order point, under which anyone can forge signatures");
  }
  return point;
}

/** The uncompressed point, from hex or from PEM. */
function readPoint(text: string, curve: keyof typeof CURVES): Uint8Array {
  const { scalarBytes, oid } = CURVES[curve];
  let point: Uint8Array | undefined = decodeHex(text);
  if (point === undefined) {
    const info = readSubjectPublicKeyInfo(decodePublicPem(text) ?? new Uint8Array());
    if (info !== undefined && !equalBytes(info.algorithm, derOids(EC_PUBLIC_KEY_OID, oid))) {
      throw invalid(`it is no key of the curve ${curve}, which its scheme names`);
    }
    point = info?.key;
  }
  if (point?.length !== 1 + 2 * scalarBytes || point[0] !== 4) {
    throw invalid(`a ${curve} key must be an uncompressed point in PEM or hexadecimal`);
  }
  return point;
}

/** The SubjectPublicKeyInfo in DER. */
function readRsa(text: string): Uint8Array {
  const der = decodePublicPem(text);
  const info = der && readSubjectPublicKeyInfo(der);
  const algorithm = new Uint8Array([...derOids(RSA_OID), 0x05, 0x00]);
  const numbers = info && equalBytes(info.algorithm, algorithm)
    ? readRsaNumbers(info.key)
    : undefined;
  if (der === undefined || numbers === undefined) {
    throw invalid("an RSA key must be a SubjectPublicKeyInfo in PEM, in strict DER");
  }
  const { modulus, exponent } = numbers;
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24; // its first byte is not 0
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) {
    throw invalid(
      `an RSA modulus must have ${RSA_BITS.least} to ${RSA_BITS.most} bits, not ${bits}`,
    );
  }
  // A long exponent makes a verification as slow as a signature.
  const isOdd = (exponent.at(-1) ?? 0) % 2 === 1;
  if (!isOdd || exponent.length > 4 || (exponent.length === 1 && exponent[0] === 1)) {
    throw invalid("an RSA exponent must be odd, from 3 to 32 bits long");
  }
  return der;
}

function derOids(...oids: readonly string[]): Uint8Array {
  return new Uint8Array(oids.flatMap((hex) => {
    const oid = decodeHex(hex) as Uint8Array;
    return [0x06, oid.length, ...oid];
  }));
}

function invalid(why: string, cause?: unknown): BrecciaError {
  return new BrecciaError(
    "key-invalid",
    `Cannot use a key in the metadata: ${why}; tell the publisher to replace it`,
    { cause },
  );
}
