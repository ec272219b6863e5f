/**
 * Compact deltas: a format of our own, several times smaller than bsdiff's on programs, encoded in linear
 * time, decoded segment by segment in bounded memory, never trusted (docs/formats/delta.md).
 *
 * @module
 */

export { decodeDelta, DeltaDecoder } from "./decoder.ts";
export { type DeltaDescription, describeDelta } from "./describe.ts";
export { drawSvg, drawText } from "./drawing.ts";
export { encodeDelta, type EncodeDeltaOptions, type EncodeProgress } from "./encode.ts";
export { explainDelta, imageParts } from "./explain.ts";
export { type DeltaPart, type PartCost } from "./part_cost.ts";
export {
  DELTA_PREAMBLE_BYTES,
  type DeltaHead,
  type DeltaSegment,
  type DeltaVersion,
  readHeadLength,
  type SegmentCoding,
  STREAM_NAMES,
  type StreamName,
} from "./head.ts";
export { MemoryAccess } from "./memory_access.ts";
export {
  type Architecture,
  ARCHITECTURES,
  HINT_MODES,
  type HintTable,
  type ImagePair,
  type ImageTables,
  type LoadSegment,
  type Range,
} from "./image.ts";
export { Matches } from "./matches.ts";
export {
  chunkEndsOf,
  type DeltaEncoder,
  type DeltaJob,
  deltaRefOf,
  encodeProven,
  missingChunkBytes,
  WORTHWHILE,
} from "./release_delta.ts";
