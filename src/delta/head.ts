import { ByteReader, ByteWriter, concatBytes, SHA256_BYTES } from "../bytes/mod.ts";
import type { Zstd } from "../codec/mod.ts";
import { BrecciaError } from "../errors.ts";
import { DELTA_LIMITS } from "../limits.ts";
import { readImages, writeImages } from "./image_format.ts";
import type { ImagePair } from "./image.ts";
import { type Matches, readMatches, writeMatches } from "./matches.ts";
import { readStream, writeStream } from "./packed_stream.ts";

const MAGIC = Uint8Array.of(0x42, 0x44, 0x4c, 0x54); // "BDLT"

/** Versions of the format: 1 has segments of streams only, 2 says of each how it is coded. */
export type DeltaVersion = 1 | 2;

/** Name of a segment's coding: five streams, or mixed contexts. */
export type SegmentCoding = "streams" | "mixed";

/** How a segment of version 2 is coded, as its first byte says. */
export const SEGMENT_CODING: Readonly<Record<SegmentCoding, number>> = { streams: 0, mixed: 1 };

/** Bytes at the start of a delta that say how long its head is. */
export const DELTA_PREAMBLE_BYTES = 9;

/** A delta's five streams, in the order in which a segment stores them. */
export const STREAM_NAMES = ["run", "byte", "reference", "word", "literal"] as const;

/** One of the five streams of a segment. */
export type StreamName = typeof STREAM_NAMES[number];

/** A stretch of the new file and where its streams lie in the delta. */
export interface DeltaSegment {
  /** First byte in the new file. */
  readonly start: number;
  /** First byte after it in the new file. */
  readonly end: number;
  /** First byte in the delta. */
  readonly storedStart: number;
  /** First byte after it in the delta. */
  readonly storedEnd: number;
}

/** All that precedes the segments. */
export interface DeltaHead {
  /** 1, or 2 when segments may be coded by mixed contexts. */
  readonly version: DeltaVersion;
  /** Length of the old file in bytes. */
  readonly oldSize: number;
  /** Length of the new file in bytes. */
  readonly newSize: number;
  /** SHA-256 of the old file, 32 bytes. */
  readonly oldSha256: Uint8Array;
  /** SHA-256 of the new file, 32 bytes. */
  readonly newSha256: Uint8Array;
  /** The programs that are modelled. */
  readonly images: readonly ImagePair[];
  /** Which stretches of the new file resemble what. */
  readonly matches: Matches;
  /** End to end, in order. */
  readonly segments: readonly DeltaSegment[];
}

/** Stored bytes of each part of the head, for {@linkcode describeDelta}. */
export interface HeadCost {
  readonly images: number;
  readonly gap: number;
  readonly length: number;
  readonly jump: number;
}

/** A segment that is about to be stored. */
export interface WrittenSegment {
  /** Its length in the new file. */
  readonly length: number;
  /** One of {@linkcode SEGMENT_CODING}. */
  readonly coding: number;
  /** Its bytes, without the coding. */
  readonly stored: Uint8Array;
}

/** Writes a whole delta (docs/formats/delta.md). */
export function writeDelta(
  head: Omit<DeltaHead, "segments">,
  segments: readonly WrittenSegment[],
  zstd: Zstd,
  level: number,
): Uint8Array<ArrayBuffer> {
  const to = new ByteWriter(64 * 1024);
  to.bytes(MAGIC);
  to.u8(head.version);
  const body = new ByteWriter(64 * 1024);
  body.varint(head.oldSize);
  body.varint(head.newSize);
  body.bytes(head.oldSha256);
  body.bytes(head.newSha256);
  const images = new ByteWriter();
  writeImages(images, head.images);
  writeStream(body, zstd, images.finish(), level);
  const control = { gap: new ByteWriter(), length: new ByteWriter(), jump: new ByteWriter() };
  writeMatches(head.matches, control);
  body.varint(head.matches.count);
  writeStream(body, zstd, control.gap.finish(), level);
  writeStream(body, zstd, control.length.finish(), level);
  writeStream(body, zstd, control.jump.finish(), level);
  body.varint(segments.length);
  const codingBytes = head.version === 1 ? 0 : 1;
  for (const { length, stored } of segments) {
    body.varint(length);
    body.varint(codingBytes + stored.length);
  }
  to.u32(DELTA_PREAMBLE_BYTES + body.length);
  to.bytes(body.finish());
  const parts: Uint8Array[] = [to.finish()];
  for (const { coding, stored } of segments) {
    if (codingBytes === 1) parts.push(Uint8Array.of(coding));
    parts.push(stored);
  }
  return concatBytes(parts);
}

/**
 * Length in bytes of a delta's head, from its first {@linkcode DELTA_PREAMBLE_BYTES} bytes, so that the
 * head can be fetched by range.
 *
 * @throws {BrecciaError} `delta-malformed` when it is no delta, or one of a newer version.
 */
export function readHeadLength(preamble: Uint8Array): number {
  return readPreamble(preamble).headLength;
}

function readPreamble(preamble: Uint8Array): { version: DeltaVersion; headLength: number } {
  const from = reader(preamble);
  const magic = from.bytes(MAGIC.length);
  if (MAGIC.some((byte, i) => byte !== magic[i])) from.fail("it does not begin with BDLT");
  const version = from.u8();
  if (version !== 1 && version !== 2) {
    throw new BrecciaError(
      "delta-malformed",
      `Cannot read the delta: its format version is ${version} and this program knows versions ` +
        `1 and 2; update without it`,
    );
  }
  const length = from.u32();
  if (length < DELTA_PREAMBLE_BYTES || length > DELTA_LIMITS.headBytes) {
    from.fail(`its head claims ${length} bytes`);
  }
  return { version, headLength: length };
}

/**
 * Reads and checks a head: every count, offset and length, before memory is taken for it.
 *
 * @throws {BrecciaError} `delta-malformed`.
 */
export function readHead(
  bytes: Uint8Array,
  zstd: Zstd,
): { readonly head: DeltaHead; readonly cost: HeadCost } {
  const { version, headLength } = readPreamble(bytes.subarray(0, DELTA_PREAMBLE_BYTES));
  if (bytes.length < headLength) {
    reader(bytes).fail(`its head is ${headLength} bytes but only ${bytes.length} are there`);
  }
  const from = reader(bytes.subarray(0, headLength));
  from.bytes(DELTA_PREAMBLE_BYTES);
  const oldSize = from.varint(DELTA_LIMITS.sideBytes);
  const newSize = from.varint(DELTA_LIMITS.sideBytes);
  const oldSha256 = from.bytes(SHA256_BYTES).slice();
  const newSha256 = from.bytes(SHA256_BYTES).slice();

  let mark = from.offset;
  const spent = (): number => {
    const cost = from.offset - mark;
    mark = from.offset;
    return cost;
  };
  const tables = reader(readStream(from, zstd, DELTA_LIMITS.imageTableBytes), "image tables");
  const images = readImages(tables, oldSize, newSize);
  tables.end();
  const imageCost = spent();

  const count = from.varint(Math.min(DELTA_LIMITS.matches, newSize));
  const control = (what: string): { reader: ByteReader; cost: number } => {
    mark = from.offset;
    const stream = readStream(from, zstd, 6 * count);
    return { reader: reader(stream, what), cost: spent() };
  };
  const gap = control("gap stream");
  const length = control("length stream");
  const jump = control("jump stream");
  const matches = readMatches(
    count,
    { gap: gap.reader, length: length.reader, jump: jump.reader },
    oldSize,
    newSize,
  );
  const segments = readSegments(from, headLength, newSize);
  from.end();
  return {
    head: { version, oldSize, newSize, oldSha256, newSha256, images, matches, segments },
    cost: { images: imageCost, gap: gap.cost, length: length.cost, jump: jump.cost },
  };
}

function readSegments(from: ByteReader, headLength: number, newSize: number): DeltaSegment[] {
  const count = from.varint(DELTA_LIMITS.segments);
  const segments: DeltaSegment[] = [];
  let start = 0;
  let storedStart = headLength;
  for (let i = 0; i < count; i++) {
    const end = start + from.varint(Math.min(DELTA_LIMITS.segmentBytes, newSize - start));
    if (end === start) from.fail("a segment is empty");
    const storedEnd = storedStart + from.varint(2 ** 32);
    segments.push({ start, end, storedStart, storedEnd });
    start = end;
    storedStart = storedEnd;
  }
  if (start !== newSize) from.fail(`its segments make ${start} bytes of ${newSize}`);
  return segments;
}

function reader(bytes: Uint8Array, what = "head"): ByteReader {
  return new ByteReader(bytes, `delta's ${what}`, "delta-malformed");
}
