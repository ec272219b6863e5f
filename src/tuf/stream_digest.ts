import { sha384, sha512 } from "@noble/hashes/sha2.js";
import { createSha256, encodeHex, type IncrementalSha256 } from "../bytes/mod.ts";
import type { Hashes } from "./hashes.ts";

const ALGORITHMS: ReadonlyMap<string, () => IncrementalSha256> = new Map([
  ["sha256", createSha256],
  ["sha384", () => sha384.create()],
  ["sha512", () => sha512.create()],
]);

/** The signed digests of a stream, taken as it passes. */
export class StreamDigest {
  readonly #signed: { readonly length: number; readonly hashes: Hashes };
  readonly #digests = new Map<string, IncrementalSha256>();
  #bytes = 0;

  /** For a stream that has this signed length and these digests. */
  constructor(signed: { readonly length: number; readonly hashes: Hashes }) {
    this.#signed = signed;
    for (const algorithm of signed.hashes.keys()) {
      const digest = ALGORITHMS.get(algorithm)?.();
      if (digest !== undefined) this.#digests.set(algorithm, digest);
    }
  }

  /** Takes the next bytes; says what is wrong already, if anything is. */
  update(bytes: Uint8Array): string | undefined {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#signed.length) return this.#lengthDiffers();
    for (const digest of this.#digests.values()) digest.update(bytes);
    return undefined;
  }

  /** How the whole stream differs from what is signed, or `undefined` when it does not. */
  finish(): string | undefined {
    if (this.#bytes !== this.#signed.length) return this.#lengthDiffers();
    if (this.#digests.size === 0) return "it has digests by unknown algorithms only";
    for (const [algorithm, digest] of this.#digests) {
      const expected = this.#signed.hashes.get(algorithm)?.toLowerCase();
      const actual = encodeHex(digest.digest());
      if (actual !== expected) return `its ${algorithm} is ${actual} where ${expected} is signed`;
    }
    return undefined;
  }

  #lengthDiffers(): string {
    return `it has ${this.#bytes} bytes where ${this.#signed.length} are signed`;
  }
}
