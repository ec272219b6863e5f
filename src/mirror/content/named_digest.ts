import { encodeHex } from "../../bytes/mod.ts";

/**
 * Whether an object's bytes have the digest that its key ends in, SHA-256 or SHA-512 in hex; `undefined`
 * for a key that names no digest.
 */
export async function hasNamedDigest(
  key: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean | undefined> {
  const digest = /\/([0-9a-f]{64}|[0-9a-f]{128})$/.exec(key)?.[1];
  if (digest === undefined) return undefined;
  const algorithm = digest.length === 64 ? "SHA-256" : "SHA-512";
  return encodeHex(new Uint8Array(await crypto.subtle.digest(algorithm, bytes))) === digest;
}
