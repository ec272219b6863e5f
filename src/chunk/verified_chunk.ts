import { encodeHex, equalBytes, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";

/**
 * Bytes that hash to the name under which they were asked for. Everything that writes, installs or
 * serves chunks takes this type, and {@linkcode VerifiedChunk.verify} is the one way to make it.
 */
export class VerifiedChunk {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #hash: Uint8Array;

  private constructor(bytes: Uint8Array<ArrayBuffer>, hash: Uint8Array) {
    this.#bytes = bytes;
    this.#hash = hash;
  }

  /** The content. Must not be changed. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** SHA-256 of the content, 32 bytes. */
  get hash(): Uint8Array {
    return this.#hash;
  }

  /**
   * Accepts `bytes` as the chunk named `hash`.
   *
   * @throws {BrecciaError} `chunk-mismatch` when they hash to anything else.
   */
  static async verify(bytes: Uint8Array<ArrayBuffer>, hash: Uint8Array): Promise<VerifiedChunk> {
    const actual = await sha256(bytes);
    if (!equalBytes(actual, hash)) {
      throw new BrecciaError(
        "chunk-mismatch",
        `Cannot accept chunk ${encodeHex(hash).slice(0, 16)}…: its bytes hash to ` +
          `${encodeHex(actual).slice(0, 16)}…; fetch it from another source`,
      );
    }
    return new VerifiedChunk(bytes, hash);
  }
}
