import { encodeHex } from "../../bytes/mod.ts";
import type { VerifiedChunk } from "../../chunk/mod.ts";
import { type ChunkRef, openStoredChunk, type ReleaseIndex } from "../../index/mod.ts";
import { BrecciaError, isBrecciaError } from "../../errors.ts";
import type { ByteRange } from "../../ports/mod.ts";
import type { ServedFile } from "./served_file.ts";
import { type OpenPack, readStoredChunks } from "./stored_chunks.ts";
import { zstdForm } from "./zstd_form.ts";

/** How the packs of an archive are reached. */
export interface PackAccess {
  readonly open: OpenPack;
  /** Replaces a pack that is damaged in the store; resolves when a good one is there. */
  readonly mend: OpenPack;
}

/**
 * The stream of a release as one file, rebuilt from its chunks while it is read: any range of it, with
 * memory for a run of chunks. Each chunk is verified before it is yielded; one that was damaged in the
 * store is mended first.
 *
 * @param name SHA-256 of the index in hex, which names how the archive is packed.
 */
export function archiveFile(index: ReleaseIndex, name: string, packs: PackAccess): ServedFile {
  const zstd = zstdForm({
    content: index,
    name,
    open: packs.open,
    prove: async (chunk, stored) => (await openOrMend(index, chunk, stored, packs)).stored,
  });
  return {
    size: index.streamBytes,
    etag: encodeHex(index.streamSha256),
    read: (range, signal) => readArchive(index, range, packs, signal),
    ...(zstd && { zstd }),
  };
}

/** A chunk, and the stored form that it was proven from. */
interface SoundChunk {
  readonly stored: Uint8Array;
  readonly content: VerifiedChunk;
}

async function* readArchive(
  index: ReleaseIndex,
  { offset, length }: ByteRange,
  packs: PackAccess,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const end = offset + length;
  const ordinals = ordinalsBetween(index, offset, end);
  for await (const { chunk, stored } of readStoredChunks(index, ordinals, packs.open, signal)) {
    const { bytes } = (await openOrMend(index, chunk, stored, packs)).content;
    const from = Math.max(offset - chunk.offset, 0);
    const to = Math.min(end - chunk.offset, chunk.length);
    yield from === 0 && to === bytes.length ? bytes : bytes.slice(from, to);
  }
}

function* ordinalsBetween(index: ReleaseIndex, offset: number, end: number): Generator<number> {
  for (let ordinal = index.chunks.ordinalAt(offset); ordinal < index.chunks.count; ordinal++) {
    if (index.chunks.at(ordinal).offset >= end) return;
    yield ordinal;
  }
}

async function openOrMend(
  index: ReleaseIndex,
  chunk: ChunkRef,
  stored: Uint8Array | undefined,
  packs: PackAccess,
): Promise<SoundChunk> {
  try {
    if (stored !== undefined) return { stored, content: await openStoredChunk(stored, chunk) };
  } catch (error) {
    if (!isBrecciaError(error)) throw error;
  }
  for await (const { stored: again } of readStoredChunks(index, [chunk.ordinal], packs.mend)) {
    if (again !== undefined) return { stored: again, content: await openStoredChunk(again, chunk) };
  }
  throw new BrecciaError(
    "chunk-missing",
    `Cannot rebuild ${index.app} ${index.version}: chunk ${chunk.ordinal} is neither in the store nor ` +
      `upstream; check the upstream`,
  );
}
