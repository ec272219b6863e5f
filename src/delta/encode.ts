import { ByteWriter, sha256 } from "../bytes/mod.ts";
import { loadZstd, type Zstd } from "../codec/mod.ts";
import { BrecciaError } from "../errors.ts";
import { DELTA_LIMITS } from "../limits.ts";
import { openSource } from "./open_source.ts";
import { type DeltaHead, SEGMENT_CODING, writeDelta, type WrittenSegment } from "./head.ts";
import { writeImages } from "./image_format.ts";
import type { ImagePair } from "./image.ts";
import { findMatches, strideWithin } from "./find_matches.ts";
import { findPrograms, type ProgramPair } from "./images/find_images.ts";
import { Matches } from "./matches.ts";
import { MemoryAccess } from "./memory_access.ts";
import { packedLength } from "./packed_stream.ts";
import { SegmentCodec } from "./segment_codec.ts";
import { SegmentWriter } from "./segment_writer.ts";

/** How far an encoder is: `done` of `total` bytes of the new file in the named stage. */
export interface EncodeProgress {
  /** Finding what resembles what, or coding the rest. */
  readonly stage: "match" | "code";
  /** Bytes of the new file that are done. */
  readonly done: number;
  /** Length of the new file. */
  readonly total: number;
}

/** Options of {@linkcode encodeDelta}: plain data but for the signal and the callback. */
export interface EncodeDeltaOptions {
  /**
   * Where the new file's chunks end, ascending, the last being its size. Segments end at chunk ends, so
   * that each is verified as soon as it is decoded. Without it they end anywhere.
   */
  readonly chunkEnds?: ArrayLike<number>;
  /** Most bytes of the new file in a segment; 4 MiB unless told. A chunk is never split. */
  readonly segmentBytes?: number;
  /**
   * Codes what differs by mixed contexts where that is shorter: a fifth less on programs, for three to six
   * times the time to decode. Default false.
   */
  readonly small?: boolean;
  /** zstd level of the streams, 1 to 22; 18 unless told: 19 takes a fifth longer and saves a thousandth. */
  readonly level?: number;
  /**
   * Memory to stay within, in bytes, both files included. Without it up to about eight times the old
   * file's size is taken, and 40 MiB. Less memory makes larger deltas; too little is refused.
   */
  readonly memoryBytes?: number;
  /** Stops the encoder between two slices of a few MiB. */
  readonly signal?: AbortSignal;
  /** Told after each slice. */
  readonly onProgress?: (progress: EncodeProgress) => void;
}

const DEFAULT_SEGMENT_BYTES = 4 * 1024 * 1024;
const DEFAULT_LEVEL = 18;

/**
 * Encodes how to make `newBytes` from `oldBytes` (docs/formats/delta.md). Deterministic. Memory is bounded by
 * an option.
 *
 * @throws {BrecciaError} `usage` when a file is over {@linkcode DELTA_LIMITS} or the options make no
 * sense; `cancelled` when the signal aborts.
 *
 * @example
 * ```ts
 * import { decodeDelta, encodeDelta } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const old = new TextEncoder().encode("the old release ".repeat(100));
 * const fresh = new TextEncoder().encode("the old release ".repeat(90) + "and a new end");
 * const delta = await encodeDelta(old, fresh);
 * assert.deepEqual(await decodeDelta(delta, old), fresh);
 * ```
 */
export async function encodeDelta(
  oldBytes: Uint8Array,
  newBytes: Uint8Array,
  options: EncodeDeltaOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  for (const bytes of [oldBytes, newBytes]) {
    if (bytes.length > DELTA_LIMITS.sideBytes) {
      throw new BrecciaError(
        "usage",
        `Cannot make a delta of a file of ${bytes.length} bytes: the limit is ` +
          `${DELTA_LIMITS.sideBytes}; publish this release without deltas`,
      );
    }
  }
  const memoryBytes = options.memoryBytes ?? Infinity;
  const stride = strideWithin(memoryBytes, oldBytes.length, newBytes.length);
  const zstd = await loadZstd();
  const files: Files = {
    oldBytes,
    newBytes,
    oldSha256: await sha256(oldBytes),
    newSha256: await sha256(newBytes),
    segmentEnds: segmentEnds(newBytes.length, options),
  };
  const programs = withinLimit(findPrograms(oldBytes, newBytes));
  const images = programs.map(({ image }) => image);
  const matches = await findMatches(
    oldBytes,
    newBytes,
    programs,
    stride,
    (done) => report(options, { stage: "match", done, total: newBytes.length }),
  );
  const delta = await encodeWith(files, images, matches, zstd, options);
  if (matches.count === 0) return delta;
  const plain = await encodePlain(files, delta.length, zstd, options);
  return plain !== undefined && plain.length < delta.length ? plain : delta;
}

/** Leaves out programs at the end where the tables of all would be over the limit. */
function withinLimit(programs: readonly ProgramPair[]): readonly ProgramPair[] {
  const tables = new ByteWriter();
  writeImages(tables, programs.map(({ image }) => image));
  if (tables.length <= DELTA_LIMITS.imageTableBytes) return programs;
  return withinLimit(programs.slice(0, programs.length >> 1));
}

interface Files {
  readonly oldBytes: Uint8Array;
  readonly newBytes: Uint8Array;
  readonly oldSha256: Uint8Array;
  readonly newSha256: Uint8Array;
  readonly segmentEnds: readonly number[];
}

/** A delta without matches, when a cheap trial says that it may be shorter than `rival` bytes. */
async function encodePlain(
  files: Files,
  rival: number,
  zstd: Zstd,
  options: EncodeDeltaOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (rival < files.newBytes.length / 16) return undefined;
  let trial = 0;
  let start = 0;
  for (const end of files.segmentEnds) {
    trial += packedLength(zstd, files.newBytes.subarray(start, end), 3);
    start = end;
  }
  // Of real files the slow levels made 0.70 to 0.99 of what level 3 makes, and saved 1.02 to 1.20 times as much.
  const size = files.newBytes.length;
  if (Math.max(0.7 * trial, size - 1.25 * (size - trial)) > rival) return undefined;
  return await encodeWith(files, [], new Matches(0), zstd, options);
}

async function encodeWith(
  files: Files,
  images: readonly ImagePair[],
  matches: Matches,
  zstd: Zstd,
  options: EncodeDeltaOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { oldBytes, newBytes } = files;
  const level = options.level ?? DEFAULT_LEVEL;
  const head: Omit<DeltaHead, "segments" | "version"> = {
    oldSize: oldBytes.length,
    newSize: newBytes.length,
    oldSha256: files.oldSha256,
    newSha256: files.newSha256,
    images,
    matches,
  };
  const codec = new SegmentCodec(
    head,
    openSource(new MemoryAccess(oldBytes), oldBytes.length),
    openSource(new MemoryAccess(newBytes), 0),
  );
  const writer = new SegmentWriter(codec, zstd, { level, small: options.small ?? false });
  const segments: WrittenSegment[] = [];
  let start = 0;
  for (const end of files.segmentEnds) {
    segments.push(await writer.write(start, end, newBytes.subarray(start, end)));
    start = end;
    await report(options, { stage: "code", done: end, total: newBytes.length });
  }
  // What needs no new version is for every reader.
  const version = segments.some(({ coding }) => coding === SEGMENT_CODING.mixed) ? 2 : 1;
  return writeDelta({ ...head, version }, segments, zstd, level);
}

/** Where segments end: at the last chunk end within reach, or at the first one when that is too far. */
function segmentEnds(size: number, options: EncodeDeltaOptions): number[] {
  const most = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
  const ends: number[] = [];
  const chunkEnds = options.chunkEnds;
  if (chunkEnds === undefined) {
    for (let end = most; end < size; end += most) ends.push(end);
    if (size > 0) ends.push(size);
  } else {
    let start = 0;
    for (let i = 0; i < chunkEnds.length; i++) {
      const end = chunkEnds[i] as number;
      const next = chunkEnds[i + 1];
      if (end > start && (next === undefined || next - start > most)) {
        ends.push(end);
        start = end;
      }
    }
  }
  let start = 0;
  for (const end of ends) {
    if (!(end - start > 0 && end - start <= DELTA_LIMITS.segmentBytes)) {
      throw new BrecciaError(
        "usage",
        `Cannot make a delta with a segment of ${end - start} bytes: segments hold 1 to ` +
          `${DELTA_LIMITS.segmentBytes}; choose other chunk ends or another segment size`,
      );
    }
    start = end;
  }
  if (start !== size) {
    throw new BrecciaError(
      "usage",
      `Cannot make a delta: the chunks end at byte ${start} of ${size}; pass the ends of all chunks`,
    );
  }
  return ends;
}

/** Lets other work run, then goes on unless the signal has aborted. */
async function report(options: EncodeDeltaOptions, progress: EncodeProgress): Promise<void> {
  options.onProgress?.(progress);
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (options.signal?.aborted) {
    throw new BrecciaError(
      "cancelled",
      "Cannot finish the delta: it was cancelled; start it again",
      {
        cause: options.signal.reason,
      },
    );
  }
}
