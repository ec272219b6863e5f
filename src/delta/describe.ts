import { loadZstd } from "../codec/mod.ts";
import {
  DELTA_PREAMBLE_BYTES,
  type DeltaHead,
  readHead,
  readHeadLength,
  type SegmentCoding,
  STREAM_NAMES,
  type StreamName,
} from "./head.ts";
import { measureSegment } from "./segment_reader.ts";

/** Where the bytes of a delta are, all as stored. */
export interface DeltaDescription {
  /** What the head says. */
  readonly head: DeltaHead;
  /** The head without image tables and matches: sizes, hashes, segment table. */
  readonly headBytes: number;
  /** The image tables. */
  readonly imageBytes: number;
  /** The three control streams. */
  readonly matchBytes: number;
  /** Each stream summed over all segments, its length fields included. */
  readonly streams: Readonly<Record<StreamName, number>>;
  /** Wrong guesses of the segments that are coded by mixed contexts, which have but a literal stream. */
  readonly mixedBytes: number;
  /** How each segment is coded. */
  readonly codings: readonly SegmentCoding[];
}

/**
 * Says where a delta's bytes are, without decoding more than its head.
 *
 * @throws {BrecciaError} `delta-malformed`.
 */
export async function describeDelta(delta: Uint8Array): Promise<DeltaDescription> {
  const headLength = readHeadLength(delta.subarray(0, DELTA_PREAMBLE_BYTES));
  const { head, cost } = readHead(delta, await loadZstd());
  const streams: Record<StreamName, number> = {
    run: 0,
    byte: 0,
    reference: 0,
    word: 0,
    literal: 0,
  };
  let mixedBytes = 0;
  const codings: SegmentCoding[] = [];
  for (const [i, { storedStart, storedEnd }] of head.segments.entries()) {
    const stored = delta.subarray(storedStart, storedEnd);
    const measured = measureSegment(stored, i, head.version);
    for (const name of STREAM_NAMES) streams[name] += measured.streams[name];
    mixedBytes += measured.mixed;
    codings.push(measured.coding);
  }
  const matchBytes = cost.gap + cost.length + cost.jump;
  return {
    head,
    headBytes: headLength - cost.images - matchBytes,
    imageBytes: cost.images,
    matchBytes,
    streams,
    mixedBytes,
    codings,
  };
}
