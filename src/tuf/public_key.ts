import { decodeHex, encodeHex, equalBytes } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { ecdsaSignatureFromDer, readRsaModulus, readSubjectPublicKeyInfo } from "./der.ts";
import { decodePublicPem } from "./pem.ts";
import { isSmallOrder } from "./small_order.ts";

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
  #imported: Promise<CryptoKey> | undefined;

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
   * listed under.
   */
  get identity(): string {
    return encodeHex(this.#bytes);
  }

  /** True when `signature` is this key's signature over `message`. */
  async verify(message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const key = await (this.#imported ??= this.#import());
    const data = message as Uint8Array<ArrayBuffer>;
    switch (this.#algorithm) {
      case "Ed25519":
        return await crypto.subtle.verify("Ed25519", key, new Uint8Array(signature), data);
      case "RSASSA-PKCS1-v1_5":
        return await crypto.subtle.verify(this.#algorithm, key, new Uint8Array(signature), data);
      case "RSA-PSS":
        return await this.#verifyPss(key, data, new Uint8Array(signature));
      default: {
        const { scalarBytes, hash } = CURVES[this.#algorithm];
        const raw = ecdsaSignatureFromDer(signature, scalarBytes);
        return raw !== undefined &&
          await crypto.subtle.verify({ name: "ECDSA", hash }, key, raw, data);
      }
    }
  }

  /** The field signs with salts of the digest's length or the longest that fits, and accepts any. */
  async #verifyPss(
    key: CryptoKey,
    message: Uint8Array<ArrayBuffer>,
    signature: Uint8Array<ArrayBuffer>,
  ): Promise<boolean> {
    const { modulusLength } = key.algorithm as RsaKeyAlgorithm;
    const longest = Math.ceil((modulusLength - 1) / 8) - 32 - 2;
    const others = Array.from({ length: longest }, (_, saltLength) => saltLength);
    for (const saltLength of new Set([32, longest, ...others])) {
      const algorithm = { name: "RSA-PSS", saltLength };
      if (await crypto.subtle.verify(algorithm, key, signature, message)) return true;
    }
    return false;
  }

  async #import(): Promise<CryptoKey> {
    try {
      switch (this.#algorithm) {
        case "Ed25519":
          return await crypto.subtle.importKey("raw", this.#bytes, "Ed25519", true, ["verify"]);
        case "RSA-PSS":
        case "RSASSA-PKCS1-v1_5": {
          const algorithm = { name: this.#algorithm, hash: "SHA-256" };
          return await crypto.subtle.importKey("spki", this.#bytes, algorithm, true, ["verify"]);
        }
        default: {
          const algorithm = { name: "ECDSA", namedCurve: this.#algorithm };
          return await crypto.subtle.importKey("raw", this.#bytes, algorithm, true, ["verify"]);
        }
      }
    } catch (cause) {
      throw invalid(`it is not a ${this.#algorithm} key`, cause);
    }
  }
}

function readEd25519(text: string): Uint8Array {
  const point = decodeHex(text);
  if (point?.length !== 32) throw invalid("an Ed25519 key must be 32 bytes in hexadecimal");
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
  const modulus = info && equalBytes(info.algorithm, algorithm)
    ? readRsaModulus(info.key)
    : undefined;
  if (der === undefined || modulus === undefined) {
    throw invalid("an RSA key must be a SubjectPublicKeyInfo in PEM");
  }
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24; // its first byte is not 0
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) {
    throw invalid(
      `an RSA modulus must have ${RSA_BITS.least} to ${RSA_BITS.most} bits, not ${bits}`,
    );
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
