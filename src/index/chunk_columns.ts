import { type ByteReader, type ByteWriter, SHA256_BYTES } from "../bytes/mod.ts";
import { CONTENT_LIMITS } from "../limits.ts";
import { type ChunkRef, ChunkTable } from "./chunk_table.ts";
import type { PackRef } from "./release_index.ts";

/** Reads a count. It is bounded by the limit and by what the bytes left could hold, before memory is taken. */
export function countOf(
  reader: ByteReader,
  what: string,
  limit: number,
  bytesEach: number,
): number {
  const count = reader.varint();
  if (count > limit || count * bytesEach > reader.remaining) {
    reader.fail(`${count} ${what} are claimed, more than there can be`);
  }
  return count;
}

/** Reads the names, then the lengths of packs. */
export function readPacks(reader: ByteReader, count: number): PackRef[] {
  const hashes = Array.from({ length: count }, () => reader.bytes(SHA256_BYTES));
  return hashes.map((sha256) => ({ sha256, bytes: reader.varint(CONTENT_LIMITS.packBytes) }));
}

/**
 * Reads the columns of chunks: lengths, hashes, stored lengths, places. Each lies in one of `packs`.
 */
export function readChunks(
  reader: ByteReader,
  count: number,
  packs: readonly PackRef[],
): ChunkTable {
  const lengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    lengths[i] = reader.varint(CONTENT_LIMITS.chunkBytes);
    if (lengths[i] === 0) reader.fail(`chunk ${i} is empty`);
  }
  const hashes = reader.bytes(count * SHA256_BYTES);
  const storedLengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    storedLengths[i] = reader.varint(lengths[i]!);
    if (storedLengths[i] === 0) reader.fail(`chunk ${i} is stored in no bytes`);
  }
  function* places(): Generator<Omit<ChunkRef, "ordinal" | "offset">> {
    let pack = 0;
    let packOffset = 0;
    for (let i = 0; i < count; i++) {
      const place = reader.varint();
      if (place > 0) {
        pack = place - 1;
        packOffset = reader.varint(CONTENT_LIMITS.packBytes);
      }
      const storedLength = storedLengths[i]!;
      if (packOffset + storedLength > (packs[pack]?.bytes ?? 0)) {
        reader.fail(`chunk ${i} lies outside its pack`);
      }
      const hash = hashes.subarray(i * SHA256_BYTES, (i + 1) * SHA256_BYTES);
      yield { hash, length: lengths[i]!, pack, packOffset, storedLength };
      packOffset += storedLength;
    }
  }
  return new ChunkTable(places(), count);
}

/** Writes what {@linkcode readPacks} reads. */
export function writePacks(out: ByteWriter, packs: readonly PackRef[]): void {
  for (const pack of packs) out.bytes(pack.sha256);
  for (const pack of packs) out.varint(pack.bytes);
}

/** Writes what {@linkcode readChunks} reads. */
export function writeChunks(out: ByteWriter, chunks: ChunkTable): void {
  for (const chunk of chunks) out.varint(chunk.length);
  for (const chunk of chunks) out.bytes(chunk.hash);
  for (const chunk of chunks) out.varint(chunk.storedLength);
  let pack = 0;
  let offset = 0;
  for (const chunk of chunks) {
    if (chunk.pack === pack && chunk.packOffset === offset) {
      out.varint(0);
    } else {
      out.varint(chunk.pack + 1);
      out.varint(chunk.packOffset);
    }
    pack = chunk.pack;
    offset = chunk.packOffset + chunk.storedLength;
  }
}
