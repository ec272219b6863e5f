import assert from "node:assert/strict";
import { ByteReader, ByteWriter, concatBytes, sha256, Turns } from "../../src/bytes/mod.ts";
import { loadZstd } from "../../src/codec/mod.ts";
import { decodeIndex } from "../../src/index/mod.ts";
import { packTables, readPacked, unpackTables } from "../../src/index/packed_tables.ts";
import { INDEX_LIMITS } from "../../src/limits.ts";
import { pseudoRandomBytes } from "../pseudo_random.ts";

const MAGIC = Uint8Array.of(0x42, 0x52, 0x49, 0x4e, 0x44, 0x45, 0x58, 1);
const DIRECTORY = 1;

/** How a path differs from the one before it. */
interface Difference {
  readonly shared: number;
  readonly rest: string;
}

/** Tables of a release without chunks whose entries are directories. */
async function tablesOf(paths: readonly Difference[], streamBytes = 0): Promise<Uint8Array> {
  const out = new ByteWriter(64 * 1024);
  for (const text of ["app", "1", "any"]) out.text(text);
  for (const length of [16_384, 65_536, 262_144]) out.varint(length);
  out.varint(streamBytes);
  out.bytes(await sha256(new Uint8Array(0)));
  for (const count of [0, 0, paths.length]) out.varint(count);
  for (let i = 0; i < paths.length; i++) out.varint(DIRECTORY);
  for (const { shared, rest } of paths) {
    out.varint(shared);
    out.text(rest);
  }
  return out.finish();
}

function indexOf(stored: Uint8Array, tableBytes: number): Uint8Array<ArrayBuffer> {
  const header = new ByteWriter();
  header.bytes(MAGIC);
  header.u32(tableBytes);
  header.u32(stored.length);
  return concatBytes([header.finish(), stored]);
}

/** So many paths, each of 4096 bytes, of which all but the last three come from the one before. */
function longPaths(count: number): Difference[] {
  return Array.from({ length: count }, (_, i) => {
    const rest = i.toString(36).padStart(4, "0");
    return i === 0 ? { shared: 0, rest: "a".repeat(4092) + rest } : { shared: 4092, rest };
  });
}

Deno.test("an index of few bytes whose 700,000 paths expand to 2.8 GB is refused, packed or not", async () => {
  const tables = await tablesOf(longPaths(700_000));
  const packed = (await loadZstd()).compress(tables, 3);
  for (const stored of [packed, tables]) {
    await assert.rejects(decodeIndex(indexOf(stored, tables.length)), {
      code: "index-malformed",
      message: /its paths make more than \d+ bytes/,
    });
  }
});

Deno.test("a bomb of tables is refused before it is unpacked", async () => {
  const bomb = (await loadZstd()).compress(new Uint8Array(8 * 1024 * 1024), 3);
  assert.ok(bomb.length < 2000);
  await assert.rejects(decodeIndex(indexOf(bomb, 8 * 1024 * 1024)), {
    code: "index-malformed",
    message: /are claimed for \d+ stored ones/,
  });
});

Deno.test("paths may expand to sixteen times the tables and a slack, and no further", async () => {
  const few = await tablesOf(longPaths(200));
  await assert.rejects(decodeIndex(indexOf(few, few.length)), { code: "path-unsafe" });
  const more = await tablesOf(longPaths(300));
  await assert.rejects(decodeIndex(indexOf(more, more.length)), {
    code: "index-malformed",
    message: /its paths make more than/,
  });
});

Deno.test("a tree deeper than the bound is refused, one as deep is not", async () => {
  const nested = (depth: number): Difference[] =>
    Array.from({ length: depth }, (_, i) => ({
      shared: Math.max(0, 2 * i - 1),
      rest: i === 0 ? "a" : "/a",
    }));
  const deepest = await tablesOf(nested(INDEX_LIMITS.depth));
  // The tree itself is good: what is refused is that no chunk makes its stream.
  await assert.rejects(decodeIndex(indexOf(deepest, deepest.length)), { code: "index-malformed" });
  const deeper = await tablesOf(nested(INDEX_LIMITS.depth + 1));
  await assert.rejects(decodeIndex(indexOf(deeper, deeper.length)), {
    code: "path-unsafe",
    message: /deeper than 128/,
  });
});

Deno.test("others have their turn while a large index is decoded, and a cancellation arrives", async () => {
  const paths = Array.from({ length: 100_000 }, (_, i) => ({
    shared: 0,
    rest: i.toString(36).padStart(6, "0"),
  }));
  const bytes = indexOf(await tablesOf(paths), (await tablesOf(paths)).length);
  let turns = 0;
  const count = (): void => {
    turns++;
    timer = setTimeout(count, 0);
  };
  let timer = setTimeout(count, 0);
  await assert.rejects(decodeIndex(bytes), { code: "index-malformed" });
  clearTimeout(timer);
  assert.ok(turns >= 30, `${turns} turns`);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 0);
  await assert.rejects(decodeIndex(bytes, controller.signal), /enough/);
});

async function repacked(tables: Uint8Array, stored: Uint8Array): Promise<Uint8Array> {
  const out = new ByteWriter();
  out.u32(tables.length);
  out.u32(stored.length);
  out.bytes(stored);
  const header = new ByteReader(out.finish(), "release index", "index-malformed");
  return await unpackTables(readPacked(header, 2 ** 28), header, new Turns());
}

Deno.test("tables over 8 MiB are packed as several frames, and come back as they were", async () => {
  const tables = new Uint8Array(20 * 1024 * 1024 + 7);
  for (let at = 0; at + 32 < tables.length; at += 256) tables.set(pseudoRandomBytes(32, at), at);
  const stored = await packTables(tables, 1);
  assert.ok(stored.length < tables.length / 2);
  assert.deepEqual(await repacked(tables, stored), tables);
  await assert.rejects(repacked(tables, stored.subarray(0, -1)), { code: "frame-malformed" });
  await assert.rejects(repacked(tables, concatBytes([stored, Uint8Array.of(0)])), {
    code: "index-malformed",
  });
});

Deno.test("tables that would be refused when packed are stored as they are", async () => {
  const tables = new Uint8Array(3 * 1024 * 1024);
  const stored = await packTables(tables, 1);
  assert.equal(stored.length, tables.length);
  assert.deepEqual(await repacked(tables, stored), tables);
});
