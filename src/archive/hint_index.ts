import {
  ByteReader,
  ByteWriter,
  concatBytes,
  equalBytes,
  sha256,
  SHA256_BYTES,
  Turns,
} from "../bytes/mod.ts";
import { countOf, readChunks, readPacks, writeChunks, writePacks } from "../index/chunk_columns.ts";
import type { ChunkTable, PackRef } from "../index/mod.ts";
import { packTables, readPacked, unpackTables } from "../index/packed_tables.ts";
import { HINT_LIMITS, INDEX_LIMITS } from "../limits.ts";
import type { Recipe } from "./recipe.ts";
import { encodeRecipe, readRecipe } from "./recipe_format.ts";

/**
 * What an edge found out about a file that comes without a release index: of which chunks its content is,
 * where they are stored, and how the file is made from them. It is advice: nobody signed it.
 */
export interface HintIndex {
  /** Length of the file in bytes. */
  readonly fileBytes: number;
  /** SHA-256 of the file, 32 bytes. */
  readonly fileSha256: Uint8Array;
  /** SHA-256 of each 256 KiB of the file, the last one shorter. */
  readonly blocks: readonly Uint8Array[];
  /** How the file is made from its content. */
  readonly recipe: Recipe;
  /** The chunks of the content, in order. */
  readonly chunks: ChunkTable;
  /** The packs that hold them. */
  readonly packs: readonly PackRef[];
}

/** "BRHINTX" and the format's number. */
const MAGIC = Uint8Array.of(0x42, 0x52, 0x48, 0x49, 0x4e, 0x54, 0x58, 1);

/** zstd level of the tables: mostly hashes, which no level makes shorter. */
const TABLES_LEVEL = 3;

/** The bytes of a hint index (docs/formats/hint-index.md). */
export async function encodeHint(hint: HintIndex): Promise<Uint8Array<ArrayBuffer>> {
  const tables = encodeTables(hint);
  const stored = await packTables(tables, TABLES_LEVEL);
  const out = new ByteWriter(stored.length + 64);
  out.bytes(MAGIC);
  out.u32(tables.length);
  out.u32(stored.length);
  out.bytes(stored);
  const body = out.finish();
  return concatBytes([body, await sha256(body)]);
}

/**
 * Reads a hint index and checks that it is consistent in itself.
 *
 * @param maxTableBytes Longest tables that are unpacked: a few bytes must not take much memory.
 * @throws {BrecciaError} `hint-malformed`; `recipe-malformed`, `frame-malformed`, `frame-oversized`;
 * the signal's reason.
 */
export async function decodeHint(
  bytes: Uint8Array,
  maxTableBytes: number = HINT_LIMITS.tableBytes,
  signal?: AbortSignal,
): Promise<HintIndex> {
  const reader = new ByteReader(bytes, "hint index", "hint-malformed");
  if (bytes.length > HINT_LIMITS.bytes) reader.fail(`it has ${bytes.length} bytes`);
  if (!equalBytes(reader.bytes(MAGIC.length), MAGIC)) {
    reader.fail("it does not begin as a hint index of format 1 does");
  }
  const packed = readPacked(reader, maxTableBytes);
  const digest = await sha256(bytes.subarray(0, reader.offset));
  if (!equalBytes(reader.bytes(SHA256_BYTES), digest)) reader.fail("its digest differs");
  reader.end();
  const turns = new Turns(signal);
  const tables = await unpackTables(packed, reader, turns);
  return await readTables(new ByteReader(tables, "hint index", "hint-malformed"), turns);
}

function encodeTables(hint: HintIndex): Uint8Array {
  const out = new ByteWriter(64 * 1024);
  out.varint(hint.fileBytes);
  out.bytes(hint.fileSha256);
  for (const block of hint.blocks) out.bytes(block);
  const recipe = encodeRecipe(hint.recipe);
  out.varint(recipe.length);
  out.bytes(recipe);
  out.varint(hint.packs.length);
  out.varint(hint.chunks.count);
  writePacks(out, hint.packs);
  writeChunks(out, hint.chunks);
  return out.finish();
}

async function readTables(reader: ByteReader, turns: Turns): Promise<HintIndex> {
  const fileBytes = reader.varint(INDEX_LIMITS.streamBytes);
  const fileSha256 = reader.bytes(SHA256_BYTES);
  const blockCount = Math.ceil(fileBytes / HINT_LIMITS.blockBytes);
  if (blockCount * SHA256_BYTES > reader.remaining) reader.fail("blocks are missing");
  const blocks = Array.from({ length: blockCount }, () => reader.bytes(SHA256_BYTES));
  const recipe = await readRecipe(reader.bytes(reader.varint(reader.remaining)), turns);
  if (recipe.archiveBytes !== fileBytes) reader.fail("its recipe makes a file of another length");
  const packCount = countOf(reader, "packs", INDEX_LIMITS.packs, SHA256_BYTES + 1);
  const chunkCount = countOf(reader, "chunks", INDEX_LIMITS.chunks, SHA256_BYTES + 3);
  const packs = await readPacks(reader, packCount, turns);
  const chunks = await readChunks(reader, chunkCount, packs, turns);
  reader.end();
  if (chunks.streamBytes !== recipe.contentBytes) {
    reader.fail(`its chunks make ${chunks.streamBytes} of ${recipe.contentBytes} bytes of content`);
  }
  return { fileBytes, fileSha256, blocks, recipe, chunks, packs };
}
