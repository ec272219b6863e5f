import type { ByteReader, ByteWriter } from "../bytes/mod.ts";
import { DELTA_LIMITS } from "../limits.ts";
import {
  ARCHITECTURES,
  HINT_MODES,
  type HintTable,
  type ImagePair,
  type ImageTables,
  type LoadSegment,
  type Range,
} from "./image.ts";

const MAX_ADDRESS = 2 ** 32;

/** Writes the image tables (docs/formats/delta.md, "Image tables"). */
export function writeImages(to: ByteWriter, pairs: readonly ImagePair[]): void {
  to.varint(pairs.length);
  for (const pair of pairs) {
    to.u8(ARCHITECTURES.indexOf(pair.old.architecture));
    writeTables(to, pair.old);
    writeTables(to, pair.new);
    to.varint(pair.hints.length);
    for (const hint of pair.hints) {
      to.u8(HINT_MODES.indexOf(hint.mode));
      writeRange(to, hint.range);
      to.varint(hint.stride);
      to.varint(hint.lanes);
      to.varint(hint.oldBase);
      to.varint(hint.newBase);
    }
  }
}

function writeTables(to: ByteWriter, tables: ImageTables): void {
  writeRange(to, tables.extent);
  to.varint(tables.base);
  to.varint(tables.segments.length);
  for (const { offset, address, fileSize, memorySize } of tables.segments) {
    to.varint(offset);
    to.varint(address);
    to.varint(fileSize);
    to.varint(memorySize);
  }
  to.varint(tables.executable.length);
  for (const range of tables.executable) writeRange(to, range);
  writeRange(to, tables.code);
}

function writeRange(to: ByteWriter, range: Range): void {
  to.varint(range.start);
  to.varint(range.end - range.start);
}

/**
 * Reads the image tables and checks what prediction relies on: every range lies in its image, every
 * image in its file, and neither overlap where that would make a look-up ambiguous.
 *
 * @throws {BrecciaError} the reader's error.
 */
export function readImages(from: ByteReader, oldSize: number, newSize: number): ImagePair[] {
  const count = from.varint(DELTA_LIMITS.images);
  const pairs: ImagePair[] = [];
  for (let i = 0; i < count; i++) {
    const architecture = ARCHITECTURES[from.u8()];
    if (architecture === undefined) from.fail("an image has an unknown architecture");
    const old: ImageTables = { architecture, ...readTables(from, oldSize) };
    const new_: ImageTables = { architecture, ...readTables(from, newSize) };
    pairs.push({ old, new: new_, hints: readHints(from, old.extent) });
  }
  refuseOverlap(from, pairs.map((pair) => pair.old.extent));
  refuseOverlap(from, pairs.map((pair) => pair.new.extent));
  return pairs;
}

function readTables(from: ByteReader, size: number): Omit<ImageTables, "architecture"> {
  const extent = readRange(from, { start: 0, end: size });
  const base = from.varint();
  const segments: LoadSegment[] = [];
  const segmentCount = from.varint(DELTA_LIMITS.imageRows);
  for (let i = 0; i < segmentCount; i++) {
    const offset = from.varint(size);
    const address = from.varint(MAX_ADDRESS);
    const fileSize = from.varint(size - offset);
    const memorySize = from.varint(MAX_ADDRESS - address);
    if (fileSize > 0 && (offset < extent.start || offset + fileSize > extent.end)) {
      from.fail("a load segment lies outside its image");
    }
    segments.push({ offset, address, fileSize, memorySize });
  }
  if (segments.length === 0) from.fail("an image has no load segment");
  refuseOverlap(
    from,
    segments.filter((s) => s.fileSize > 0).map((s) => ({
      start: s.offset,
      end: s.offset + s.fileSize,
    })),
  );
  const executable: Range[] = [];
  const executableCount = from.varint(DELTA_LIMITS.imageRows);
  for (let i = 0; i < executableCount; i++) executable.push(readRange(from, extent));
  refuseOverlap(from, executable);
  const code = readRange(from, { start: 0, end: MAX_ADDRESS });
  return { extent, base, segments, executable, code };
}

function readHints(from: ByteReader, extent: Range): HintTable[] {
  const count = from.varint(DELTA_LIMITS.imageRows);
  const hints: HintTable[] = [];
  for (let i = 0; i < count; i++) {
    const mode = HINT_MODES[from.u8()];
    if (mode === undefined) from.fail("a hint table has an unknown mode");
    const range = readRange(from, extent);
    const stride = from.varint(128);
    if (stride === 0 || stride % 4 !== 0) from.fail("a hint table's stride is no multiple of 4");
    const lanes = from.varint(2 ** 32 - 1);
    hints.push({
      mode,
      range,
      stride,
      lanes,
      oldBase: from.varint(MAX_ADDRESS),
      newBase: from.varint(MAX_ADDRESS),
    });
  }
  refuseOverlap(from, hints.map(({ range }) => range));
  return hints;
}

function readRange(from: ByteReader, within: Range): Range {
  const start = from.varint(within.end);
  if (start < within.start) from.fail("a range begins before its image");
  return { start, end: start + from.varint(within.end - start) };
}

/** Overlapping ranges would let one byte be two things: the encoder writes none. */
function refuseOverlap(from: ByteReader, ranges: readonly Range[]): void {
  const sorted = [...ranges].sort((a, b) => a.start - b.start);
  for (let i = 1; i < sorted.length; i++) {
    if ((sorted[i] as Range).start < (sorted[i - 1] as Range).end) {
      from.fail("ranges of the image tables overlap");
    }
  }
}
