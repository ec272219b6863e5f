import type { ByteRange } from "../ports/mod.ts";
import { Deflater } from "./deflater.ts";
import { contentBytesOf, type DeflateStep, type Recipe } from "./recipe.ts";
import { turn } from "./turn.ts";

/** Reads the content of an archive: the bytes of a range, in order. */
export type ReadContent = (range: ByteRange) => AsyncIterable<Uint8Array>;

/** Content that is deflated at once. */
const PIECE_BYTES = 64 * 1024;

/** Deflating so many bytes takes 10 to 30 milliseconds, after which others get their turn. */
const TURN_BYTES = 4 * PIECE_BYTES;

/**
 * The bytes of an archive from `offset` to its end, made from its content. What is copied is read from
 * there on; a deflate stream is made from its start, whatever part of it is wanted. Nothing says that the
 * result is what was signed: whoever uses it hashes it.
 */
export async function* rebuildArchive(
  recipe: Recipe,
  readContent: ReadContent,
  offset = 0,
): AsyncGenerator<Uint8Array> {
  let contentOffset = 0;
  let start = 0;
  for (const step of recipe.steps) {
    const skip = Math.max(offset - start, 0);
    if (skip < step.bytes) {
      if (step.kind === "copy") {
        yield* readContent({ offset: contentOffset + skip, length: step.bytes - skip });
      } else yield* cut(deflateStep(step, contentOffset, readContent), skip, step.bytes);
    }
    contentOffset += contentBytesOf(step);
    start += step.bytes;
  }
}

async function* deflateStep(
  { settings, contentBytes }: DeflateStep,
  offset: number,
  readContent: ReadContent,
): AsyncGenerator<Uint8Array> {
  const deflater = new Deflater(settings);
  let sinceTurn = 0;
  const content = contentBytes === 0 ? [] : readContent({ offset, length: contentBytes });
  for await (const piece of content) {
    for (let at = 0; at < piece.length; at += PIECE_BYTES) {
      yield* deflater.push(piece.subarray(at, at + PIECE_BYTES));
      sinceTurn += PIECE_BYTES;
      if (sinceTurn >= TURN_BYTES) {
        sinceTurn = 0;
        await turn();
      }
    }
  }
  yield* deflater.finish();
}

/** The bytes from `from` to `to` of a stream, which is read no further. */
async function* cut(
  stream: AsyncIterable<Uint8Array>,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const piece of stream) {
    const first = Math.max(from - at, 0);
    const last = Math.min(to - at, piece.length);
    if (first < last) yield piece.subarray(first, last);
    at += piece.length;
    if (at >= to) return;
  }
}
