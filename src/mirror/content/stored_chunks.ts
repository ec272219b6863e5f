import { isBrecciaError } from "../../errors.ts";
import type { ChunkRef, PackRef, ReleaseIndex } from "../../index/mod.ts";
import type { ServedFile } from "./served_file.ts";
import { readAll } from "./read_all.ts";

/** A chunk as it is stored, or `undefined` bytes when its pack can't be had. */
export interface StoredChunk {
  /** The chunk. */
  readonly chunk: ChunkRef;
  /** Its stored form, or `undefined` when it can't be had now. */
  readonly stored: Uint8Array<ArrayBuffer> | undefined;
}

/** Chunks and the packs that they lie in. */
export type ChunkedContent = Pick<ReleaseIndex, "chunks" | "packs">;

/** Opens a pack of an index by its number; `undefined` when it can't be had. */
export type OpenPack = (pack: PackRef, number: number) => Promise<ServedFile | undefined>;

/**
 * Chunks that lie in a row are read together, up to this many bytes: what a client that stopped reading makes
 * the edge hold.
 */
const RUN_BYTES = 256 * 1024;

/**
 * The stored form of chunks, in the order of `ordinals`, read from their packs in as few reads as their
 * places allow. Not verified: the store may have lost a bit. Memory is bounded by one run.
 */
export async function* readStoredChunks(
  index: ChunkedContent,
  ordinals: Iterable<number>,
  openPack: OpenPack,
  signal?: AbortSignal,
): AsyncGenerator<StoredChunk> {
  let opened: { readonly number: number; readonly pack: Awaited<ReturnType<OpenPack>> } | undefined;
  for (const run of runsOf(index, ordinals)) {
    const first = run[0] as ChunkRef;
    const last = run.at(-1) as ChunkRef;
    const number = first.pack;
    if (opened?.number !== number) {
      opened = { number, pack: await openPack(index.packs[number] as PackRef, number) };
    }
    const { pack } = opened;
    const length = last.packOffset + last.storedLength - first.packOffset;
    const bytes = pack?.read({ offset: first.packOffset, length }, signal);
    const whole = bytes && await readAll(bytes, length).catch((error) => {
      // Lost by its medium: as good as a pack that can't be had.
      if (isBrecciaError(error, "storage-corrupt")) return undefined;
      throw error;
    });
    for (const chunk of run) {
      const at = chunk.packOffset - first.packOffset;
      yield { chunk, stored: whole?.subarray(at, at + chunk.storedLength) };
    }
  }
}

function* runsOf(index: ChunkedContent, ordinals: Iterable<number>): Generator<ChunkRef[]> {
  let run: ChunkRef[] = [];
  let bytes = 0;
  for (const ordinal of ordinals) {
    const chunk = index.chunks.at(ordinal);
    const last = run.at(-1);
    const follows = last?.pack === chunk.pack &&
      last.packOffset + last.storedLength === chunk.packOffset;
    if (last !== undefined && (!follows || bytes + chunk.storedLength > RUN_BYTES)) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(chunk);
    bytes += chunk.storedLength;
  }
  if (run.length > 0) yield run;
}
