import { Deflate } from "pako";
import { type DeflateState, gnuState } from "./gnu_deflate.ts";

/** Programs whose deflate can be reproduced; their place here is their number in the format. */
export const FLAVOURS = ["zlib", "chromium", "gnu"] as const;

/**
 * Whose deflate it is: zlib's; that of Chromium's zlib, which Node carries and which hashes otherwise; or
 * that of gzip(1), whose blocks end elsewhere.
 */
export type Flavour = typeof FLAVOURS[number];

/** Everything that the bytes of a deflate stream depend on, besides its content. */
export interface DeflateSettings {
  /** Whose deflate it is. */
  readonly flavour: Flavour;
  /** 1 to 9. */
  readonly level: number;
  /** 1 to 9; `gnu` has 9 alone. */
  readonly memLevel: number;
  /** zlib's number of it: 0 default, 1 filtered, 2 Huffman only, 3 run-length, 4 fixed codes. */
  readonly strategy: 0 | 1 | 2 | 3 | 4;
}

/** What is made is passed on in pieces of this length. */
const CHUNK_BYTES = 64 * 1024;

/** Compresses a stream, piece by piece. What it makes does not depend on how its input is cut. */
export class Deflater {
  readonly #deflate: Deflate;
  #made: Uint8Array<ArrayBuffer>[] = [];

  /**
   * Starts a stream without a wrapper (RFC 1951) and with a window of 32 KiB, which is passed on in pieces
   * of `chunkSize`; what it is does not depend on that.
   */
  constructor({ flavour, level, memLevel, strategy }: DeflateSettings, chunkSize = CHUNK_BYTES) {
    const legacyHash = flavour !== "chromium";
    this.#deflate = new Deflate({ raw: true, chunkSize, level, memLevel, strategy, legacyHash });
    this.#deflate.onData = (piece) => void this.#made.push(piece);
    this.#deflate.onEnd = () => {};
    if (flavour === "gnu") {
      const { strm } = this.#deflate as unknown as { strm: { state: DeflateState } };
      strm.state = gnuState(strm.state);
    }
  }

  /** Takes the next content, and returns what is ready; the last piece of a stream may come later. */
  push(content: Uint8Array): Uint8Array<ArrayBuffer>[] {
    this.#deflate.push(content, false);
    return this.#take();
  }

  /** Ends the stream and returns what is left of it. */
  finish(): Uint8Array<ArrayBuffer>[] {
    this.#deflate.push(new Uint8Array(0), true);
    return this.#take();
  }

  #take(): Uint8Array<ArrayBuffer>[] {
    const made = this.#made;
    this.#made = [];
    return made;
  }
}
