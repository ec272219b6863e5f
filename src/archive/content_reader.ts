import type { RandomAccess } from "../ports/mod.ts";
import { pieces, type Stretch } from "./decoded_content.ts";
import { INFLATE_PIECE_BYTES, Inflater } from "./inflater.ts";

/** A deflate stream that is being decoded again. */
interface Cursor {
  readonly stretch: Stretch;
  readonly content: AsyncGenerator<Uint8Array>;
  /** Where in the content the next byte lies. */
  at: number;
  /** Content that is decoded and not passed yet. */
  held: Uint8Array;
}

/**
 * Reads any part of a file's content (see {@linkcode DecodedContent}). Reading on costs what is read; going
 * back in a deflate stream begins it anew.
 */
export class ContentReader {
  readonly #file: RandomAccess;
  readonly #stretches: readonly Stretch[];
  #cursor: Cursor | undefined;

  /** Reads `file`, which consists of `stretches`, at least one. */
  constructor(file: RandomAccess, stretches: readonly Stretch[]) {
    this.#file = file;
    this.#stretches = stretches;
  }

  /** How many bytes reading `length` bytes at `offset` decodes, when what was read before ended at `from`. */
  cost(offset: number, length: number, from: number): number {
    let bytes = length;
    for (let at = offset; at < offset + length;) {
      const number = this.#indexAt(at);
      const stretch = this.#stretches[number]!;
      const resumes = from <= at && from > stretch.contentOffset;
      if (stretch.kind === "deflate") bytes += at - (resumes ? from : stretch.contentOffset);
      at = this.#stretches[number + 1]?.contentOffset ?? Infinity;
    }
    return bytes;
  }

  /** Content from `offset` on; what the file does not hold any more is another's content, or zeros. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const whole = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const at = offset + filled;
      const number = this.#indexAt(at);
      const stretch = this.#stretches[number]!;
      const end = this.#stretches[number + 1]?.contentOffset ?? Infinity;
      const part = whole.subarray(filled, Math.min(length, end - offset));
      if (stretch.kind === "deflate") await this.#decode(stretch, at, part);
      else await this.#copy(stretch.fileOffset + at - stretch.contentOffset, part);
      filled += part.length;
    }
    return whole;
  }

  async #copy(offset: number, into: Uint8Array): Promise<void> {
    const there = Math.max(0, Math.min(into.length, this.#file.size - offset));
    if (there > 0) await this.#file.read(offset, into.subarray(0, there));
  }

  async #decode(stretch: Stretch, at: number, into: Uint8Array): Promise<void> {
    let cursor = this.#cursor;
    if (cursor?.stretch !== stretch || cursor.at > at) {
      const content = inflated(pieces(this.#file, stretch.fileOffset));
      cursor = { stretch, content, at: stretch.contentOffset, held: new Uint8Array(0) };
      this.#cursor = cursor;
    }
    for (let filled = 0; filled < into.length;) {
      if (cursor.held.length === 0) {
        const { done, value } = await cursor.content.next();
        if (done) return;
        cursor.held = value;
      }
      const skipped = Math.min(cursor.held.length, Math.max(0, at - cursor.at));
      const part = cursor.held.subarray(skipped, skipped + into.length - filled);
      into.set(part, filled);
      filled += part.length;
      cursor.at += skipped + part.length;
      cursor.held = cursor.held.subarray(skipped + part.length);
    }
  }

  /** Number of the stretch that holds a content offset. */
  #indexAt(offset: number): number {
    let [low, high] = [0, this.#stretches.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#stretches[middle]!.contentOffset <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** What a deflate stream decodes to, as far as it is one. */
async function* inflated(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater();
  for await (const piece of stream) {
    for (let at = 0; at < piece.length; at += INFLATE_PIECE_BYTES) {
      const { content, state } = inflater.push(piece.subarray(at, at + INFLATE_PIECE_BYTES));
      yield* content;
      if (state !== "open") return;
    }
  }
}
