import { ByteReader } from "../bytes/mod.ts";
import type { Zstd } from "../codec/mod.ts";
import {
  type DeltaVersion,
  SEGMENT_CODING,
  type SegmentCoding,
  STREAM_NAMES,
  type StreamName,
} from "./head.ts";
import { MixedDecoder } from "./mixing/mixed_decoder.ts";
import { readStream, skipStream } from "./packed_stream.ts";
import { ResidualDecoder } from "./residual_decoder.ts";
import type { SegmentDecoder } from "./residual_coder.ts";

/** Opens the stored bytes of segments, whatever they are coded in. */
export class SegmentReader {
  readonly #version: DeltaVersion;
  readonly #zstd: Zstd;
  /** Made when it is first needed: its tables take about 25 MiB. */
  #mixed: MixedDecoder | undefined;

  /** Reads segments of a delta of this version. */
  constructor(version: DeltaVersion, zstd: Zstd) {
    this.#version = version;
    this.#zstd = zstd;
  }

  /**
   * A decoder of segment `index`, which makes `length` bytes; it is valid until the next is opened.
   *
   * @throws {BrecciaError} `delta-malformed`.
   */
  open(stored: Uint8Array, index: number, length: number): SegmentDecoder {
    const from = reader(stored, index);
    if (readCoding(from, this.#version) === SEGMENT_CODING.mixed) {
      const tokens = from.bytes(from.varint(from.remaining));
      const literals = from.bytes(from.remaining);
      this.#mixed ??= new MixedDecoder();
      this.#mixed.start(tokens, literals, length);
      return this.#mixed;
    }
    // No stream outgrows this: a wrong guess of four bytes takes up to five and one for its run.
    const most = 2 * length + 8;
    const [run, byte, reference, word, literal] = STREAM_NAMES.map(() =>
      readStream(from, this.#zstd, most)
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    from.end();
    return new ResidualDecoder(run, byte, reference, word, literal);
  }
}

/** Stored bytes of a segment's streams, as far as they can be told apart without decoding it. */
export interface StoredStreams {
  /** Each stream of a segment of streams; the literal bytes of a mixed one. */
  readonly streams: Readonly<Record<StreamName, number>>;
  /** All wrong guesses of a mixed segment. */
  readonly mixed: number;
  /** Which of the two it is. */
  readonly coding: SegmentCoding;
}

/**
 * Measures a segment without decoding it.
 *
 * @throws {BrecciaError} `delta-malformed`.
 */
export function measureSegment(
  stored: Uint8Array,
  index: number,
  version: DeltaVersion,
): StoredStreams {
  const from = reader(stored, index);
  const streams = { run: 0, byte: 0, reference: 0, word: 0, literal: 0 };
  if (readCoding(from, version) === SEGMENT_CODING.mixed) {
    from.bytes(from.varint(from.remaining));
    const mixed = from.offset;
    streams.literal = from.remaining;
    return { streams, mixed, coding: "mixed" };
  }
  for (const name of STREAM_NAMES) streams[name] = skipStream(from);
  from.end();
  return { streams, mixed: 0, coding: "streams" };
}

function readCoding(from: ByteReader, version: DeltaVersion): number {
  if (version === 1) return SEGMENT_CODING.streams;
  const coding = from.u8();
  if (coding !== SEGMENT_CODING.streams && coding !== SEGMENT_CODING.mixed) {
    from.fail(`its coding ${coding} is unknown`);
  }
  return coding;
}

function reader(stored: Uint8Array, index: number): ByteReader {
  return new ByteReader(stored, `delta's segment ${index}`, "delta-malformed");
}
