import { concatBytes, encodeHex, equalBytes, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { ChunkRef } from "../index/mod.ts";
import { ARCHIVE_LIMITS, HINT_LIMITS } from "../limits.ts";
import type { ByteRange } from "../ports/mod.ts";
import { decodeHint, type HintIndex } from "./hint_index.ts";
import { DeflateBudget, type Stopwatch } from "./deflate_budget.ts";
import { rebuildArchive, rebuildWork } from "./rebuild.ts";

/** Where the chunks of a hinted file come from. What they return was verified against the chunk's hash. */
export interface ChunkSeeds {
  /** Whether the chunk is at hand. */
  knows(hash: Uint8Array): boolean;
  /** The chunk that is at hand; `undefined` when it is lost since. */
  read(hash: Uint8Array): Promise<Uint8Array | undefined>;
  /** Chunks that are not at hand, in the order of `ordinals`. */
  fetch(ordinals: readonly number[]): AsyncIterator<Uint8Array>;
}

/** What it costs to fetch a file by its hint index. */
export interface HintedCost {
  /** Numbers of the chunks that are not at hand. */
  readonly missing: readonly number[];
  /** Their stored length in bytes. */
  readonly bytes: number;
}

/** Longest hint index that is worth fetching for a file of `fileBytes` bytes. */
export function hintBytesFor(fileBytes: number): number {
  return Math.min(HINT_LIMITS.bytes, 64 * 1024 + Math.floor(fileBytes / 8));
}

/**
 * Reads the hint index of the file that is signed. One for another file, or one that would make a device
 * work for hours, is refused.
 *
 * @throws {BrecciaError} `hint-malformed` and its kin.
 */
export async function openHint(
  bytes: Uint8Array,
  signed: { readonly length: number; readonly sha256: Uint8Array },
  signal?: AbortSignal,
): Promise<HintIndex> {
  const hint = await decodeHint(
    bytes,
    Math.min(HINT_LIMITS.tableBytes, 1024 * 1024 + signed.length),
    signal,
  );
  const name = encodeHex(signed.sha256).slice(0, 16);
  const refuse = (why: string) => {
    throw new BrecciaError(
      "hint-malformed",
      `Cannot use the hint index of ${name}…: ${why}; the file is fetched without it`,
    );
  };
  if (hint.fileBytes !== signed.length || !equalBytes(hint.fileSha256, signed.sha256)) {
    refuse("it is for another file");
  }
  const { expansion, slackBytes } = ARCHIVE_LIMITS;
  if (hint.recipe.contentBytes > expansion * signed.length + slackBytes) {
    refuse(`it claims ${hint.recipe.contentBytes} bytes of content`);
  }
  return hint;
}

/** A hint is followed when it saves at least this share of the file: making it again costs time. */
const WORTHWHILE = 0.1;

/**
 * Whether a file is better made by `hint`, of `hintBytes` bytes, at `cost` than fetched: it saves a tenth,
 * and deflating takes no more work than that is worth ({@linkcode HINT_LIMITS}).
 */
export function isWorthwhile(hint: HintIndex, hintBytes: number, cost: HintedCost): boolean {
  const saved = hint.fileBytes - hintBytes - cost.bytes;
  return saved >= WORTHWHILE * hint.fileBytes && rebuildWork(hint.recipe) <= workFor(saved);
}

/** Content that may be deflated to save so many bytes. */
function workFor(savedBytes: number): number {
  return HINT_LIMITS.workSlackBytes + HINT_LIMITS.workPerSavedByte * savedBytes;
}

/** What of a hinted file must be fetched. */
export function hintedCost({ chunks }: HintIndex, seeds: Pick<ChunkSeeds, "knows">): HintedCost {
  const missing: number[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    if (seeds.knows(chunk.hash)) continue;
    missing.push(chunk.ordinal);
    bytes += chunk.storedLength;
  }
  return { missing, bytes };
}

/** How a hinted file is made. */
export interface HintedFileOptions {
  /** Ends it with the signal's reason, also while it deflates. */
  readonly signal?: AbortSignal | undefined;
  /** Measures what deflating takes. Default: the runtime's clock. */
  readonly now?: Stopwatch | undefined;
}

/**
 * The bytes of a file, made from chunks that are at hand and those of `cost` that are fetched. They are
 * what a hint says, not what is signed: whoever reads them checks the whole against the signed hash. It
 * ends at the first block of 256 KiB that is another than the hint says, and once deflating has cost more
 * work or time than it saves.
 *
 * @throws {BrecciaError} `hint-malformed`, `chunk-missing`; what `seeds` throws.
 */
export async function* hintedFile(
  hint: HintIndex,
  cost: HintedCost,
  seeds: ChunkSeeds,
  { signal, now }: HintedFileOptions = {},
): AsyncGenerator<Uint8Array> {
  const saved = Math.max(0, hint.fileBytes - cost.bytes);
  const { slackMilliseconds, savedBytesPerMillisecond } = HINT_LIMITS;
  const milliseconds = slackMilliseconds + saved / savedBytesPerMillisecond;
  const budget = new DeflateBudget({ work: workFor(saved), milliseconds }, now);
  const content = contentOf(hint, cost.missing, seeds);
  let held: Uint8Array = new Uint8Array(0);
  let at = 0;
  // The recipe takes its content in order, but not all of it: a step may end before its content does.
  async function* read({ offset, length }: ByteRange): AsyncGenerator<Uint8Array> {
    while (at < offset + length) {
      if (held.length === 0) {
        const { done, value } = await content.next();
        if (done) return;
        held = value;
      }
      const skipped = Math.min(held.length, Math.max(offset - at, 0));
      const piece = held.subarray(skipped, offset + length - at);
      held = held.subarray(skipped + piece.length);
      at += skipped + piece.length;
      if (piece.length > 0) yield piece;
    }
  }
  try {
    yield* comparedBlocks(hint, rebuildArchive(hint.recipe, read, 0, { budget, signal }));
  } finally {
    await content.return();
  }
}

/** Passes `bytes` block by block, each when it is what the hint says. */
async function* comparedBlocks(
  { blocks, fileSha256 }: HintIndex,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let next = 0;
  const compared = async (): Promise<Uint8Array> => {
    const block = concatBytes(parts);
    const expected = blocks[next++];
    if (expected !== undefined && equalBytes(await sha256(block), expected)) return block;
    throw new BrecciaError(
      "hint-malformed",
      `Cannot make ${encodeHex(fileSha256).slice(0, 16)}… by its hint index: block ${next - 1} ` +
        `comes out as another; the file is fetched without it`,
    );
  };
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + HINT_LIMITS.blockBytes - held);
      parts.push(part);
      held += part.length;
      at += part.length;
      if (held < HINT_LIMITS.blockBytes) continue;
      yield await compared();
      parts = [];
      held = 0;
    }
  }
  if (held > 0) yield await compared();
}

async function* contentOf(
  { chunks }: HintIndex,
  missing: readonly number[],
  seeds: ChunkSeeds,
): AsyncGenerator<Uint8Array, void> {
  const fetched = seeds.fetch(missing);
  try {
    let next = 0;
    for (const chunk of chunks) {
      if (missing[next] === chunk.ordinal) {
        next++;
        yield await nextOf(fetched, chunk);
        continue;
      }
      const known = await seeds.read(chunk.hash);
      yield known ?? await nextOf(seeds.fetch([chunk.ordinal]), chunk);
    }
  } finally {
    await fetched.return?.();
  }
}

async function nextOf(fetched: AsyncIterator<Uint8Array>, chunk: ChunkRef): Promise<Uint8Array> {
  const { done, value } = await fetched.next();
  if (!done) return value;
  throw new BrecciaError(
    "chunk-missing",
    `Cannot make a file from its hint index: chunk ${chunk.ordinal} was not sent; fetch it plainly`,
  );
}
