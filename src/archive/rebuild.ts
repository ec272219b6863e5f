import { Turns } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { ByteRange } from "../ports/mod.ts";
import { type DeflateBudget, deflateWork, SETUP_WORK } from "./deflate_budget.ts";
import { Deflater } from "./deflater.ts";
import { contentBytesOf, type DeflateStep, type Recipe } from "./recipe.ts";

/** Reads the content of an archive: the bytes of a range, in order. */
export type ReadContent = (range: ByteRange) => AsyncIterable<Uint8Array>;

/** What bounds making an archive again. */
export interface RebuildBounds {
  /** What deflating may cost. Default: whatever the recipe takes. */
  readonly budget?: DeflateBudget | undefined;
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Content that is deflated at once: hostile content takes some 20 milliseconds. */
const PIECE_BYTES = 16 * 1024;

/** Deflating takes as long as other work on so many times its bytes. */
const TURN_WEIGHT = 2;

/** What it takes to make the whole archive, in bytes of content that are deflated at the default level. */
export function rebuildWork({ steps }: Recipe): number {
  let work = 0;
  for (const step of steps) {
    if (step.kind === "deflate") work += SETUP_WORK + deflateWork(step.settings, step.contentBytes);
  }
  return work;
}

/**
 * The bytes of an archive from `offset` to its end, made from its content. What is copied is read from
 * there on; a deflate stream is made from its start, whatever part of it is wanted. Nothing says that the
 * result is what was signed: whoever uses it hashes it.
 *
 * @throws {BrecciaError} `hint-malformed` once the budget is spent.
 */
export async function* rebuildArchive(
  recipe: Recipe,
  readContent: ReadContent,
  offset = 0,
  bounds: RebuildBounds = {},
): AsyncGenerator<Uint8Array> {
  const turns = new Turns(bounds.signal);
  let contentOffset = 0;
  let start = 0;
  for (const step of recipe.steps) {
    const skip = Math.max(offset - start, 0);
    if (skip < step.bytes) {
      await turns.spend(SETUP_WORK);
      if (step.kind === "copy") {
        yield* readContent({ offset: contentOffset + skip, length: step.bytes - skip });
      } else {
        const content = step.contentBytes === 0
          ? []
          : readContent({ offset: contentOffset, length: step.contentBytes });
        yield* cut(deflateStep(step, content, turns, bounds.budget), skip, step.bytes);
      }
    }
    contentOffset += contentBytesOf(step);
    start += step.bytes;
  }
}

async function* deflateStep(
  { settings }: DeflateStep,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  turns: Turns,
  budget: DeflateBudget | undefined,
): AsyncGenerator<Uint8Array> {
  const deflater = new Deflater(settings);
  for await (const whole of content) {
    for (let at = 0; at < whole.length; at += PIECE_BYTES) {
      const piece = whole.subarray(at, at + PIECE_BYTES);
      const work = deflateWork(settings, piece.length);
      yield* budget?.measure(work, () => deflater.push(piece)) ?? deflater.push(piece);
      if (budget?.isSpent) throw spent();
      await turns.spend(TURN_WEIGHT * work);
    }
  }
  yield* deflater.finish();
}

function spent(): BrecciaError {
  return new BrecciaError(
    "hint-malformed",
    "Cannot make a file by its hint index: that takes longer than it saves; fetch it plainly",
  );
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
