import { ByteReader, compareBytes, equalBytes, SHA256_BYTES } from "../bytes/mod.ts";
import { checkChunking, type Chunking } from "../chunk/mod.ts";
import { loadZstd } from "../codec/mod.ts";
import { CONTENT_LIMITS, INDEX_LIMITS } from "../limits.ts";
import { countOf, readChunks, readPacks } from "./chunk_columns.ts";
import { checkEntries } from "./entry_check.ts";
import {
  ENTRY_KINDS,
  FIRST_SKIPPABLE_SECTION,
  IDENTITY_BYTES,
  INDEX_MAGIC,
  SECTION,
} from "./index_format.ts";
import { readDeltas } from "./delta_section.ts";
import type { DeltaRef, IndexEntry, ReleaseIndex } from "./release_index.ts";
import { StreamLayout } from "./stream_layout.ts";

/**
 * Reads a release index and applies every check of docs/formats/release-index.md. The caller has
 * verified the bytes against the signed length and hash; a release index that comes through here is
 * consistent in itself and safe to lay out on a disk.
 *
 * @throws {BrecciaError} `index-malformed`, `frame-malformed`, `path-unsafe`, `path-collision`,
 * `link-unsafe`
 */
export async function decodeIndex(bytes: Uint8Array): Promise<ReleaseIndex> {
  const header = new ByteReader(bytes, "release index", "index-malformed");
  if (!equalBytes(header.bytes(INDEX_MAGIC.length), INDEX_MAGIC)) {
    header.fail("it does not begin as an index of format 1 does");
  }
  const tableBytes = header.u32();
  const storedBytes = header.u32();
  if (tableBytes > INDEX_LIMITS.tableBytes) {
    header.fail(`tables of ${tableBytes} bytes are claimed`);
  }
  if (storedBytes > tableBytes) header.fail("its stored tables are longer than its tables");
  const stored = header.bytes(storedBytes);
  header.end();
  const tables = storedBytes === tableBytes
    ? stored
    : (await loadZstd()).decompress(stored, tableBytes);
  return readTables(new ByteReader(tables, "release index", "index-malformed"));
}

function readTables(reader: ByteReader): ReleaseIndex {
  const app = identity(reader, "app");
  const version = identity(reader, "version");
  const platform = identity(reader, "platform");
  const chunking = readChunking(reader);
  const streamBytes = reader.varint(INDEX_LIMITS.streamBytes);
  const streamSha256 = reader.bytes(SHA256_BYTES);
  const packCount = countOf(reader, "packs", INDEX_LIMITS.packs, SHA256_BYTES + 1);
  const chunkCount = countOf(reader, "chunks", INDEX_LIMITS.chunks, SHA256_BYTES + 3);
  const entryCount = countOf(reader, "entries", INDEX_LIMITS.files, 3);
  const packs = readPacks(reader, packCount);
  const chunks = readChunks(reader, chunkCount, packs);
  if (chunks.streamBytes !== streamBytes) {
    reader.fail(`its chunks make ${chunks.streamBytes} bytes of a stream of ${streamBytes}`);
  }
  const entries = readEntries(reader, entryCount);
  checkEntries(entries);
  const laidOut = new StreamLayout(entries).streamBytes;
  if (laidOut !== streamBytes) {
    reader.fail(`its entries make ${laidOut} bytes of a stream of ${streamBytes}`);
  }
  const deltas = readSections(reader, chunkCount);
  return {
    app,
    version,
    platform,
    chunking,
    streamBytes,
    streamSha256,
    entries,
    chunks,
    packs,
    deltas,
  };
}

function identity(reader: ByteReader, what: string): string {
  const text = reader.text(IDENTITY_BYTES);
  if (text === "") reader.fail(`its ${what} is empty`);
  return text;
}

function readChunking(reader: ByteReader): Chunking {
  const chunking = {
    minimum: reader.varint(CONTENT_LIMITS.chunkBytes),
    average: reader.varint(CONTENT_LIMITS.chunkBytes),
    maximum: reader.varint(CONTENT_LIMITS.chunkBytes),
  };
  try {
    checkChunking(chunking);
  } catch (cause) {
    reader.fail("its chunk lengths make no sense", cause);
  }
  return chunking;
}

function readEntries(reader: ByteReader, count: number): IndexEntry[] {
  const kinds: { kind: typeof ENTRY_KINDS[number]; mode: number }[] = [];
  for (let i = 0; i < count; i++) {
    const word = reader.varint(4 * 0o777 + 3);
    const kind = ENTRY_KINDS[word & 3] ?? reader.fail(`entry ${i} is of no known kind`);
    if (kind === "link" && word >> 2 !== 0o777) reader.fail(`link ${i} has a mode of its own`);
    kinds.push({ kind, mode: word >> 2 });
  }
  const paths = readPaths(reader, count);
  const sizes = kinds.map(({ kind }) =>
    kind === "file" ? reader.varint(INDEX_LIMITS.streamBytes) : 0
  );
  const hashes = kinds.map(({ kind }) => kind === "file" ? reader.bytes(SHA256_BYTES) : undefined);
  return kinds.map(({ kind, mode }, i): IndexEntry => {
    const path = paths[i]!;
    if (kind === "directory") return { kind, path, mode };
    if (kind === "link") return { kind, path, target: reader.text(INDEX_LIMITS.pathBytes) };
    return { kind, path, mode, size: sizes[i]!, sha256: hashes[i]! };
  });
}

function readPaths(reader: ByteReader, count: number): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let before = new Uint8Array(0);
  return Array.from({ length: count }, (_, i) => {
    const shared = reader.varint(before.length);
    const rest = reader.bytes(reader.varint(INDEX_LIMITS.pathBytes - shared));
    const path = new Uint8Array(shared + rest.length);
    path.set(before.subarray(0, shared));
    path.set(rest, shared);
    if (i > 0 && compareBytes(before, path) >= 0) reader.fail(`path ${i} is out of order`);
    before = path;
    try {
      return decoder.decode(path);
    } catch (cause) {
      return reader.fail(`path ${i} is not UTF-8`, cause);
    }
  });
}

function readSections(reader: ByteReader, chunkCount: number): DeltaRef[] {
  let deltas: DeltaRef[] = [];
  let before = 0;
  while (reader.remaining > 0) {
    const tag = reader.varint();
    if (tag <= before) reader.fail(`section ${tag} is out of order`);
    before = tag;
    const body = reader.bytes(reader.varint(reader.remaining));
    if (tag === SECTION.deltas) deltas = readDeltas(body, chunkCount);
    else if (tag < FIRST_SKIPPABLE_SECTION) {
      reader.fail(`section ${tag} is unknown; update this program`);
    }
  }
  return deltas;
}
