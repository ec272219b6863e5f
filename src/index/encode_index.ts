import { ByteWriter, concatBytes } from "../bytes/mod.ts";
import { writeChunks, writePacks } from "./chunk_columns.ts";
import {
  ENTRY_KINDS,
  INDEX_HEADER_BYTES,
  INDEX_MAGIC,
  SECTION,
  sharedPrefix,
} from "./index_format.ts";
import { packTables } from "./packed_tables.ts";
import type { IndexedFile, ReleaseIndex } from "./release_index.ts";

const TABLES_LEVEL = 19;

/**
 * The bytes of a release index, a function of `index` alone. The result is what `decodeIndex` reads;
 * whoever publishes decodes it once before signing, which applies every check there is.
 */
export async function encodeIndex(index: ReleaseIndex): Promise<Uint8Array<ArrayBuffer>> {
  const tables = encodeTables(index);
  const stored = await packTables(tables, TABLES_LEVEL);
  const header = new ByteWriter(INDEX_HEADER_BYTES);
  header.bytes(INDEX_MAGIC);
  header.u32(tables.length);
  header.u32(stored.length);
  return concatBytes([header.finish(), stored]);
}

function encodeTables(index: ReleaseIndex): Uint8Array {
  const out = new ByteWriter(64 * 1024);
  out.text(index.app);
  out.text(index.version);
  out.text(index.platform);
  out.varint(index.chunking.minimum);
  out.varint(index.chunking.average);
  out.varint(index.chunking.maximum);
  out.varint(index.streamBytes);
  out.bytes(index.streamSha256);
  out.varint(index.packs.length);
  out.varint(index.chunks.count);
  out.varint(index.entries.length);
  writePacks(out, index.packs);
  writeChunks(out, index.chunks);
  writeEntries(out, index);
  writeSections(out, index);
  return out.finish();
}

function writeEntries(out: ByteWriter, { entries }: ReleaseIndex): void {
  for (const entry of entries) {
    const mode = entry.kind === "link" ? 0o777 : entry.mode;
    out.varint(ENTRY_KINDS.indexOf(entry.kind) + 4 * mode);
  }
  let before: Uint8Array = new Uint8Array(0);
  for (const entry of entries) {
    const path = new TextEncoder().encode(entry.path);
    const shared = sharedPrefix(before, path);
    out.varint(shared);
    out.varint(path.length - shared);
    out.bytes(path.subarray(shared));
    before = path;
  }
  const files = entries.filter((entry): entry is IndexedFile => entry.kind === "file");
  for (const file of files) out.varint(file.size);
  for (const file of files) out.bytes(file.sha256);
  for (const entry of entries) if (entry.kind === "link") out.text(entry.target);
}

/** Sections of tags we know, in ascending order; empty ones are left out. */
function writeSections(out: ByteWriter, index: ReleaseIndex): void {
  if (index.deltas.length === 0) return;
  const body = deltaSection(index);
  out.varint(SECTION.deltas);
  out.varint(body.length);
  out.bytes(body);
}

function deltaSection({ deltas }: ReleaseIndex): Uint8Array {
  const out = new ByteWriter();
  out.varint(deltas.length);
  for (const delta of deltas) {
    out.bytes(delta.baseSha256);
    out.text(delta.baseVersion);
    out.bytes(delta.sha256);
    out.varint(delta.bytes);
    out.varint(delta.headBytes);
    out.varint(delta.segments.length);
    for (const segment of delta.segments) {
      out.varint(segment.chunks);
      out.varint(segment.bytes);
    }
  }
  return out.finish();
}
