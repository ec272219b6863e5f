import { VerifiedChunk } from "../chunk/mod.ts";
import { loadZstd } from "../codec/mod.ts";
import type { ChunkRef } from "./chunk_table.ts";

/** zstd level of stored chunks: past it, encoding slows faster than chunks of this size shrink. */
const CHUNK_LEVEL = 19;

/** The stored form of a chunk: a zstd frame where that is shorter, else the bytes as they are. */
export async function storeChunk(
  bytes: Uint8Array,
  options?: { level?: number },
): Promise<Uint8Array> {
  const frame = (await loadZstd()).compress(bytes, options?.level ?? CHUNK_LEVEL);
  return frame.length < bytes.length ? frame : bytes;
}

/**
 * The chunk that a stored form holds.
 *
 * @throws {BrecciaError} `frame-malformed`, `frame-oversized` or `chunk-mismatch` when the stored bytes
 * are not what the index names.
 */
export async function openStoredChunk(
  stored: Uint8Array,
  chunk: Pick<ChunkRef, "hash" | "length" | "storedLength">,
): Promise<VerifiedChunk> {
  const bytes = chunk.storedLength === chunk.length
    ? new Uint8Array(stored)
    : (await loadZstd()).decompress(stored, chunk.length);
  return await VerifiedChunk.verify(bytes, chunk.hash);
}
