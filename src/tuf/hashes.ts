import { encodeHex } from "../bytes/mod.ts";
import type { Fields } from "./fields.ts";

/** Digests by the name of their algorithm, in lower-case hex: `"sha256"` → `"9f86…"`. */
export type Hashes = ReadonlyMap<string, string>;

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
 * Says how `bytes` differ from the signed length and digests, or returns `undefined` when they don't.
 * Digests by algorithms unknown here are passed over, but at least one must be known.
 */
export async function mismatch(
  bytes: Uint8Array,
  signed: { readonly length?: number; readonly hashes?: Hashes },
): Promise<string | undefined> {
  if (signed.length !== undefined && signed.length !== bytes.length) {
    return `it has ${bytes.length} bytes where ${signed.length} are signed`;
  }
  if (signed.hashes === undefined) return undefined;
  let known = 0;
  for (const [algorithm, expected] of signed.hashes) {
    const webCryptoName = WEBCRYPTO_NAMES.get(algorithm);
    if (webCryptoName === undefined) continue;
    known++;
    const digest = await crypto.subtle.digest(webCryptoName, bytes as Uint8Array<ArrayBuffer>);
    const actual = encodeHex(new Uint8Array(digest));
    if (actual !== expected.toLowerCase()) {
      return `its ${algorithm} is ${actual} where ${expected} is signed`;
    }
  }
  return known === 0 ? "it has digests by unknown algorithms only" : undefined;
}
