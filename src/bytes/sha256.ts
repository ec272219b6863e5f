import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** Length of a SHA-256 digest in bytes. */
export const SHA256_BYTES = 32;

/** An incremental SHA-256. After `digest()` the object is spent. */
export interface IncrementalSha256 {
  /** Feeds more bytes; they may be reused by the caller at once. */
  update(bytes: Uint8Array): unknown;
  /** The 32-byte digest of all that was fed. */
  digest(): Uint8Array;
}

let createIncremental: () => IncrementalSha256 = () => nobleSha256.create();

/**
 * Replaces the portable incremental SHA-256 (@noble/hashes) by a native one. Composition roots call
 * it once where the runtime has one: WebCrypto has no incremental digest, and `node:crypto` is ten
 * times faster than any JavaScript (docs/dependencies.md).
 */
export function useIncrementalSha256(create: () => IncrementalSha256): void {
  createIncremental = create;
}

/** A new incremental SHA-256, native where the composition root provided one. */
export function createSha256(): IncrementalSha256 {
  return createIncremental();
}

/** SHA-256 of one message through WebCrypto: native on every runtime, and off the main thread. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}
