import { ARCHIVE_LIMITS } from "../limits.ts";
import type { RandomAccess } from "../ports/mod.ts";
import { archiveContent } from "./archive_content.ts";
import { ByteSource } from "./byte_source.ts";
import { INFLATE_PIECE_BYTES, Inflater } from "./inflater.ts";

/** A stretch of a file that is in its content as it is, or decoded; it reaches to the next one. */
export interface Stretch {
  /** Which of the two it is. */
  readonly kind: "copy" | "deflate";
  /** Where it begins in the file. */
  readonly fileOffset: number;
  /** Where it begins in the content. */
  readonly contentOffset: number;
}

/** How much of a file is read at once. */
const READ_BYTES = 64 * 1024;

/**
 * A gzip file or zip archive with its deflate streams decoded, anything else as it is. Nothing says that
 * the file could be made again from it ({@linkcode OpenedArchive} proves that): it is for finding content
 * in files that are at hand, a hundred times as fast. Ends early where content outgrows the bounds of
 * archives.
 */
export class DecodedContent {
  readonly #file: RandomAccess;
  readonly #source: ByteSource;
  readonly #stretches: Stretch[] = [];
  #fileOffset = 0;
  #contentOffset = 0;

  /** Decodes `file`. */
  constructor(file: RandomAccess) {
    this.#file = file;
    this.#source = new ByteSource(pieces(file, 0));
  }

  /** What was met so far, in order. */
  get stretches(): readonly Stretch[] {
    return this.#stretches;
  }

  /** The content. To be read once. */
  content(): AsyncGenerator<Uint8Array> {
    return archiveContent(this.#source, {
      copy: (bytes) => this.#copy(bytes),
      deflated: () => this.#deflated(),
      hasRoom: () => this.#hasRoom(),
    });
  }

  #hasRoom(): boolean {
    const { expansion, slackBytes, steps } = ARCHIVE_LIMITS;
    return this.#stretches.length < steps &&
      this.#contentOffset <= expansion * this.#file.size + slackBytes;
  }

  async *#deflated(): AsyncGenerator<Uint8Array, boolean> {
    this.#enter("deflate");
    const inflater = new Inflater();
    while (this.#hasRoom()) {
      const taken = await this.#source.take(INFLATE_PIECE_BYTES);
      if (taken.length === 0) return false;
      const { content, used, state } = inflater.push(taken);
      this.#source.giveBack(taken.subarray(used));
      this.#fileOffset += used;
      for (const piece of content) {
        this.#contentOffset += piece.length;
        yield piece;
      }
      if (state !== "open") return state === "ended";
    }
    return false;
  }

  async *#copy(bytes: number): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0;) {
      const piece = await this.#source.take(Math.min(left, READ_BYTES));
      if (piece.length === 0) return;
      this.#enter("copy");
      left -= piece.length;
      this.#fileOffset += piece.length;
      this.#contentOffset += piece.length;
      yield piece;
    }
  }

  #enter(kind: Stretch["kind"]): void {
    if (kind === "copy" && this.#stretches.at(-1)?.kind === "copy") return;
    const [fileOffset, contentOffset] = [this.#fileOffset, this.#contentOffset];
    this.#stretches.push({ kind, fileOffset, contentOffset });
  }
}

/** The bytes of a file from `offset` on. */
export async function* pieces(file: RandomAccess, offset: number): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < file.size;) {
    const piece = new Uint8Array(Math.min(READ_BYTES, file.size - at));
    await file.read(at, piece);
    at += piece.length;
    yield piece;
  }
}
