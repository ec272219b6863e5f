import { Inflate } from "pako";

/** Longest piece of compressed bytes to push at once: deflate expands up to 1032 times. */
export const INFLATE_PIECE_BYTES = 4096;

/** What one push brought. */
export interface Inflated {
  /** Content, in order; at most about 4 MiB for {@linkcode INFLATE_PIECE_BYTES}. */
  readonly content: readonly Uint8Array<ArrayBuffer>[];
  /** How many of the pushed bytes belong to the stream: all of them, until it ends. */
  readonly used: number;
  /** Whether the stream goes on, has ended with this piece, or is no deflate stream. */
  readonly state: "open" | "ended" | "broken";
}

/** Decompresses one deflate stream without a wrapper (RFC 1951), and finds where it ends. */
export class Inflater {
  readonly #inflate = new Inflate({ raw: true });
  #made: Uint8Array<ArrayBuffer>[] = [];

  /** Starts a stream. */
  constructor() {
    // Each piece is the start of a buffer of 64 KiB: what is kept must not keep that.
    this.#inflate.onData = (piece) => void this.#made.push(piece.slice());
    this.#inflate.onEnd = () => {};
  }

  /** Takes the next compressed bytes. Must not be called after the end. */
  push(compressed: Uint8Array): Inflated {
    const { strm } = this.#inflate as unknown as { strm: { avail_in: number } };
    // A sync flush hands out everything that these bytes decode to.
    this.#inflate.push(compressed, 2);
    const content = this.#made;
    this.#made = [];
    const { err, ended } = this.#inflate;
    if (ended && err === 0) {
      return { content, used: compressed.length - strm.avail_in, state: "ended" };
    }
    // -5 says only that there is no more input.
    if (err !== 0 && err !== -5) return { content, used: compressed.length, state: "broken" };
    return { content, used: compressed.length, state: "open" };
  }
}
