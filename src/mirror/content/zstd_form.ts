import { rawFrame, rawFrameBytes } from "../../codec/mod.ts";
import type { ChunkRef, ChunkTable } from "../../index/mod.ts";
import { type ChunkedContent, type OpenPack, readStoredChunks } from "./stored_chunks.ts";
import type { CodedForm } from "./served_file.ts";

/** What a file's zstd form is made of. */
export interface ZstdFormParts {
  /** The chunks of the file, and of nothing else. */
  readonly content: ChunkedContent;
  /** Names the packing: chunks, their order and their stored form. */
  readonly name: string;
  /** Reaches packs. */
  readonly open: OpenPack;
  /** The stored form of a chunk, proven to hold it; `stored` is what was read, if anything could be. */
  readonly prove: (chunk: ChunkRef, stored: Uint8Array | undefined) => Promise<Uint8Array>;
}

/**
 * A file as a stream of zstd frames, one for each of its chunks, sent as they are stored: what
 * `Content-Encoding: zstd` may hold (RFC 8878, section 3.1; RFC 9659, since no chunk is over 1 MiB).
 * `undefined` when that would save nothing.
 */
export function zstdForm({ content, name, open, prove }: ZstdFormParts): CodedForm | undefined {
  const size = sizeOf(content.chunks);
  if (size >= content.chunks.streamBytes) return undefined;
  const read = async function* (signal?: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const all = ordinalsOf(content.chunks);
    for await (const { chunk, stored } of readStoredChunks(content, all, open, signal)) {
      const proven = await prove(chunk, stored);
      yield isRaw(chunk) ? rawFrame(proven) : proven.slice();
    }
  };
  return { size, etag: `${name}.zstd`, read };
}

function* ordinalsOf({ count }: ChunkTable): Generator<number> {
  for (let ordinal = 0; ordinal < count; ordinal++) yield ordinal;
}

/** Tables can be long, and are asked about with each request. */
const sizes = new WeakMap<ChunkTable, number>();

function sizeOf(chunks: ChunkTable): number {
  let size = sizes.get(chunks);
  if (size === undefined) {
    size = 0;
    for (let ordinal = 0; ordinal < chunks.count; ordinal++) {
      const chunk = chunks.at(ordinal);
      size += isRaw(chunk) ? rawFrameBytes(chunk.length) : chunk.storedLength;
    }
    sizes.set(chunks, size);
  }
  return size;
}

function isRaw({ length, storedLength }: ChunkRef): boolean {
  return length === storedLength;
}
