import { ByteReader, compareBytes, equalBytes, SHA256_BYTES, Turns } from "../bytes/mod.ts";
import { checkChunking, type Chunking } from "../chunk/mod.ts";
import { CONTENT_LIMITS, INDEX_LIMITS } from "../limits.ts";
import { countOf, readChunks, readPacks } from "./chunk_columns.ts";
import { TreeCheck } from "./entry_check.ts";
import {
  ENTRY_KINDS,
  FIRST_SKIPPABLE_SECTION,
  IDENTITY_BYTES,
  INDEX_MAGIC,
  SECTION,
} from "./index_format.ts";
import { readDeltas } from "./delta_section.ts";
import type { DeltaRef, IndexEntry, ReleaseIndex } from "./release_index.ts";
import { readPacked, unpackTables } from "./packed_tables.ts";
import { streamBytesOf, TRAILER_BYTES } from "./stream_layout.ts";

/**
 * Reads a release index and applies every check of docs/formats/release-index.md. The caller has
 * verified the bytes against the signed length and hash; a release index that comes through here is
 * consistent in itself and safe to lay out on a disk. Others have their turn meanwhile: a large one takes
 * seconds.
 *
 * @throws {BrecciaError} `index-malformed`, `frame-malformed`, `frame-oversized`, `path-unsafe`,
 * `path-collision`, `link-unsafe`; the signal's reason.
 */
export async function decodeIndex(bytes: Uint8Array, signal?: AbortSignal): Promise<ReleaseIndex> {
  const header = new ByteReader(bytes, "release index", "index-malformed");
  if (!equalBytes(header.bytes(INDEX_MAGIC.length), INDEX_MAGIC)) {
    header.fail("it does not begin as an index of format 1 does");
  }
  const packed = readPacked(header, INDEX_LIMITS.tableBytes);
  header.end();
  const turns = new Turns(signal);
  const tables = await unpackTables(packed, header, turns);
  return await readTables(new ByteReader(tables, "release index", "index-malformed"), turns);
}

async function readTables(reader: ByteReader, turns: Turns): Promise<ReleaseIndex> {
  const { remaining: tableBytes } = reader;
  const app = identity(reader, "app");
  const version = identity(reader, "version");
  const platform = identity(reader, "platform");
  const chunking = readChunking(reader);
  const streamBytes = reader.varint(INDEX_LIMITS.streamBytes);
  const streamSha256 = reader.bytes(SHA256_BYTES);
  const packCount = countOf(reader, "packs", INDEX_LIMITS.packs, SHA256_BYTES + 1);
  const chunkCount = countOf(reader, "chunks", INDEX_LIMITS.chunks, SHA256_BYTES + 3);
  const entryCount = countOf(reader, "entries", INDEX_LIMITS.files, 3);
  const packs = await readPacks(reader, packCount, turns);
  const chunks = await readChunks(reader, chunkCount, packs, turns);
  if (chunks.streamBytes !== streamBytes) {
    reader.fail(`its chunks make ${chunks.streamBytes} bytes of a stream of ${streamBytes}`);
  }
  const { treePathBytes, pathExpansion, pathSlackBytes } = INDEX_LIMITS;
  const pathBytes = Math.min(treePathBytes, pathSlackBytes + pathExpansion * tableBytes);
  const { entries, streamBytes: laidOut } = await readEntries(
    reader,
    entryCount,
    pathBytes,
    platform,
    turns,
  );
  if (laidOut !== streamBytes) {
    reader.fail(`its entries make ${laidOut} bytes of a stream of ${streamBytes}`);
  }
  const deltas = await readSections(reader, chunkCount, turns);
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

/** An entry takes as long as other work on so many bytes, and what its path takes. */
const ENTRY_WORK = 64;

/** Checking and folding a byte of a path takes as long as other work on so many. */
const PATH_WORK = 4;

async function readEntries(
  reader: ByteReader,
  count: number,
  maxPathBytes: number,
  platform: string,
  turns: Turns,
): Promise<{ readonly entries: IndexEntry[]; readonly streamBytes: number }> {
  const words = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const word = words[i] = reader.varint(4 * 0o777 + 3);
    if (kindOf(word) === undefined) reader.fail(`entry ${i} is of no known kind`);
    if (kindOf(word) === "link" && word >> 2 !== 0o777) {
      reader.fail(`link ${i} has a mode of its own`);
    }
  }
  const paths = await readPaths(reader, count, maxPathBytes, turns);
  const sizes = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (kindOf(words[i]!) === "file") sizes[i] = reader.varint(INDEX_LIMITS.streamBytes);
  }
  const files = words.reduce((sum, word) => sum + (kindOf(word) === "file" ? 1 : 0), 0);
  const hashes = reader.bytes(files * SHA256_BYTES);
  const entries: IndexEntry[] = [];
  const check = new TreeCheck(platform);
  let streamBytes = TRAILER_BYTES;
  let hashAt = 0;
  for (const [i, path] of paths.entries()) {
    const kind = kindOf(words[i]!)!;
    const mode = words[i]! >> 2;
    let entry: IndexEntry;
    if (kind === "directory") entry = { kind, path, mode };
    else if (kind === "link") entry = { kind, path, target: reader.text(INDEX_LIMITS.pathBytes) };
    else {
      const sha256 = hashes.subarray(hashAt, hashAt += SHA256_BYTES);
      entry = { kind, path, mode, size: sizes[i]!, sha256 };
    }
    check.add(entry);
    streamBytes += streamBytesOf(entry);
    entries.push(entry);
    const targetBytes = entry.kind === "link" ? entry.target.length : 0;
    const turn = turns.spend(ENTRY_WORK + PATH_WORK * (path.length + targetBytes));
    if (turn) await turn;
  }
  for (const entry of entries) {
    if (entry.kind !== "link") continue;
    check.follow(entry);
    const turn = turns.spend(PATH_WORK * entry.target.length);
    if (turn) await turn;
  }
  return { entries, streamBytes };
}

function kindOf(word: number): typeof ENTRY_KINDS[number] | undefined {
  return ENTRY_KINDS[word & 3];
}

async function readPaths(
  reader: ByteReader,
  count: number,
  maxBytes: number,
  turns: Turns,
): Promise<string[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const paths: string[] = [];
  let before = new Uint8Array(0);
  let left = maxBytes;
  for (let i = 0; i < count; i++) {
    const shared = reader.varint(before.length);
    const rest = reader.bytes(reader.varint(INDEX_LIMITS.pathBytes - shared));
    left -= shared + rest.length;
    if (left < 0) reader.fail(`its paths make more than ${maxBytes} bytes`);
    const path = new Uint8Array(shared + rest.length);
    path.set(before.subarray(0, shared));
    path.set(rest, shared);
    if (i > 0 && compareBytes(before, path) >= 0) reader.fail(`path ${i} is out of order`);
    before = path;
    try {
      paths.push(decoder.decode(path));
    } catch (cause) {
      reader.fail(`path ${i} is not UTF-8`, cause);
    }
    const turn = turns.spend(ENTRY_WORK + path.length);
    if (turn) await turn;
  }
  return paths;
}

async function readSections(
  reader: ByteReader,
  chunkCount: number,
  turns: Turns,
): Promise<DeltaRef[]> {
  let deltas: DeltaRef[] = [];
  let before = 0;
  while (reader.remaining > 0) {
    const tag = reader.varint();
    if (tag <= before) reader.fail(`section ${tag} is out of order`);
    before = tag;
    const body = reader.bytes(reader.varint(reader.remaining));
    if (tag === SECTION.deltas) deltas = await readDeltas(body, chunkCount, turns);
    else if (tag < FIRST_SKIPPABLE_SECTION) {
      reader.fail(`section ${tag} is unknown; update this program`);
    }
  }
  return deltas;
}
