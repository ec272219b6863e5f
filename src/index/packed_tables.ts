import { type ByteReader, concatBytes, type Turns } from "../bytes/mod.ts";
import { frameBytes, loadZstd } from "../codec/mod.ts";
import { INDEX_LIMITS } from "../limits.ts";

/** Tables are packed in frames of so much content: one takes 10 milliseconds to decode. */
export const TABLE_PART_BYTES = 8 * 1024 * 1024;

/** As much work as leads to a turn: the others' after each part. */
const PART_WORK = 256 * 1024;

/** Longest tables that so many stored bytes may stand for. */
function longestTables(storedBytes: number): number {
  return INDEX_LIMITS.tableSlackBytes + INDEX_LIMITS.tableExpansion * storedBytes;
}

/**
 * Tables as an index stores them (docs/formats/release-index.md): zstd frames of `level`, or as they are where that
 * is not shorter, or so much shorter that readers would refuse it.
 */
export async function packTables(tables: Uint8Array, level: number): Promise<Uint8Array> {
  const zstd = await loadZstd();
  const frames: Uint8Array[] = [];
  for (let at = 0; at < tables.length; at += TABLE_PART_BYTES) {
    frames.push(zstd.compress(tables.subarray(at, at + TABLE_PART_BYTES), level));
  }
  const stored = concatBytes(frames);
  const fits = stored.length < tables.length && tables.length <= longestTables(stored.length);
  return fits ? stored : tables;
}

/**
 * The header's two lengths and the stored tables behind it, unpacked; whatever else is claimed is refused
 * before memory is taken. Failures are those of `header`.
 *
 * @throws {BrecciaError} also `frame-malformed`, `frame-oversized`.
 */
export function readPacked(
  header: ByteReader,
  maxTableBytes: number,
): { readonly tableBytes: number; readonly stored: Uint8Array } {
  const tableBytes = header.u32();
  const storedBytes = header.u32();
  if (tableBytes > maxTableBytes) header.fail(`tables of ${tableBytes} bytes are claimed`);
  if (storedBytes > tableBytes) header.fail("its stored tables are longer than its tables");
  if (tableBytes > longestTables(storedBytes)) {
    header.fail(`tables of ${tableBytes} bytes are claimed for ${storedBytes} stored ones`);
  }
  return { tableBytes, stored: header.bytes(storedBytes) };
}

/** Unpacks what {@linkcode readPacked} returned, part by part. */
export async function unpackTables(
  { tableBytes, stored }: ReturnType<typeof readPacked>,
  header: ByteReader,
  turns: Turns,
): Promise<Uint8Array> {
  if (stored.length === tableBytes) return stored;
  const zstd = await loadZstd();
  if (tableBytes <= TABLE_PART_BYTES) return zstd.decompress(stored, tableBytes);
  const tables = new Uint8Array(tableBytes);
  let at = 0;
  for (let made = 0; made < tableBytes; made += TABLE_PART_BYTES) {
    const frame = stored.subarray(at, at + frameBytes(stored.subarray(at)));
    tables.set(zstd.decompress(frame, Math.min(TABLE_PART_BYTES, tableBytes - made)), made);
    at += frame.length;
    await turns.spend(PART_WORK);
  }
  if (at !== stored.length) header.fail("bytes follow its last frame");
  return tables;
}
