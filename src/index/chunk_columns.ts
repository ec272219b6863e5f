import { type ByteReader, type ByteWriter, SHA256_BYTES, type Turns } from "../bytes/mod.ts";
import { CONTENT_LIMITS } from "../limits.ts";
import { ChunkTable } from "./chunk_table.ts";
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

/** A row of a table takes as long as other work on so many bytes. */
const ROW_WORK = 8;

/** A pack is an object and a view, which take longer. */
const PACK_WORK = 64;

/** Reads the names, then the lengths of packs, in turns. */
export async function readPacks(
  reader: ByteReader,
  count: number,
  turns: Turns,
): Promise<PackRef[]> {
  const hashes: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    hashes.push(reader.bytes(SHA256_BYTES));
    const turn = turns.spend(PACK_WORK);
    if (turn) await turn;
  }
  const packs: PackRef[] = [];
  for (const sha256 of hashes) {
    packs.push({ sha256, bytes: reader.varint(CONTENT_LIMITS.packBytes) });
    const turn = turns.spend(PACK_WORK);
    if (turn) await turn;
  }
  return packs;
}

/**
 * Reads the columns of chunks, in turns: lengths, hashes, stored lengths, places. Each lies in one of
 * `packs`.
 */
export async function readChunks(
  reader: ByteReader,
  count: number,
  packs: readonly PackRef[],
  turns: Turns,
): Promise<ChunkTable> {
  const column = async (row: (i: number) => void): Promise<void> => {
    for (let i = 0; i < count; i++) {
      row(i);
      const turn = turns.spend(ROW_WORK);
      if (turn) await turn;
    }
  };
  const offsets = new Float64Array(count + 1);
  await column((i) => {
    const length = reader.varint(CONTENT_LIMITS.chunkBytes);
    if (length === 0) reader.fail(`chunk ${i} is empty`);
    offsets[i + 1] = offsets[i]! + length;
  });
  const hashes = reader.bytes(count * SHA256_BYTES).slice();
  const storedLengths = new Uint32Array(count);
  await column((i) => {
    storedLengths[i] = reader.varint(offsets[i + 1]! - offsets[i]!);
    if (storedLengths[i] === 0) reader.fail(`chunk ${i} is stored in no bytes`);
  });
  const packNumbers = new Uint32Array(count);
  const packOffsets = new Uint32Array(count);
  let pack = 0;
  let packOffset = 0;
  await column((i) => {
    const place = reader.varint();
    if (place > 0) {
      pack = place - 1;
      packOffset = reader.varint(CONTENT_LIMITS.packBytes);
    }
    const storedLength = storedLengths[i]!;
    if (packOffset + storedLength > (packs[pack]?.bytes ?? 0)) {
      reader.fail(`chunk ${i} lies outside its pack`);
    }
    packNumbers[i] = pack;
    packOffsets[i] = packOffset;
    packOffset += storedLength;
  });
  return new ChunkTable({ hashes, offsets, packs: packNumbers, packOffsets, storedLengths }, count);
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
