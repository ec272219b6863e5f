import { sha512 } from "@noble/hashes/sha2.js";
import { createSha256, encodeHex, type IncrementalSha256 } from "../../bytes/mod.ts";
import { HINT_LIMITS } from "../../limits.ts";
import { checkDigests, checkLength, type LicensedFile, objectName } from "./verified_object.ts";

/** A body that is hashed while it is read: as a whole, and block by block. */
export class HashingBody implements AsyncIterable<Uint8Array> {
  readonly #file: LicensedFile;
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #whole = createSha256();
  readonly #sha512: IncrementalSha256 | undefined;
  readonly #blocks: Uint8Array[] = [];
  #block = createSha256();
  #bytes = 0;

  /** Reads `body`, which is to be `file`. */
  constructor(file: LicensedFile, body: AsyncIterable<Uint8Array>) {
    this.#file = file;
    this.#body = body;
    // WebCrypto has no incremental digest; only repositories without SHA-256 pay for the portable one.
    if (!file.hashes.has("sha256") && file.hashes.has("sha512")) this.#sha512 = sha512.create();
  }

  /** The body as it comes. To be read once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#body) {
      this.#whole.update(piece);
      this.#sha512?.update(piece);
      for (let at = 0; at < piece.length;) {
        const room = HINT_LIMITS.blockBytes - this.#bytes % HINT_LIMITS.blockBytes;
        const part = piece.subarray(at, at + room);
        this.#block.update(part);
        at += part.length;
        this.#bytes += part.length;
        if (part.length === room) this.#endBlock();
      }
      yield piece;
    }
  }

  /**
   * The digests, once the body has ended.
   *
   * @throws {BrecciaError} `target-mismatch` unless it is the licensed file.
   */
  finish(): { readonly sha256: Uint8Array; readonly blocks: readonly Uint8Array[] } {
    if (this.#bytes % HINT_LIMITS.blockBytes > 0) this.#endBlock();
    const sha256 = this.#whole.digest();
    const actual = new Map<string, string>();
    if (this.#file.hashes.has("sha256")) actual.set("sha256", encodeHex(sha256));
    if (this.#sha512 !== undefined) actual.set("sha512", encodeHex(this.#sha512.digest()));
    const what = `targets/${objectName(this.#file).slice(0, 16)}…`;
    checkLength(this.#bytes, this.#file, what, "target-mismatch");
    checkDigests(actual, this.#file, what, "target-mismatch");
    return { sha256, blocks: this.#blocks };
  }

  #endBlock(): void {
    this.#blocks.push(this.#block.digest());
    this.#block = createSha256();
  }
}
