/**
 * Release indexes: what a release is made of, the canonical stream it forms, and where the chunks of
 * that stream are stored.
 *
 * @module
 */

export {
  CHUNK_FRAME_BYTES,
  CHUNK_REQUEST_TYPE,
  CHUNK_STREAM_TYPE,
  type ChunkRequest,
  decodeChunkRequest,
  encodeChunkRequest,
} from "./chunk_exchange.ts";
export {
  decodeMissingRequest,
  encodeMissingRequest,
  MISSING_REQUEST_TYPE,
  MISSING_STREAM_TYPE,
  type MissingRequest,
  PREFIX_BYTES,
} from "./missing_exchange.ts";
export { type ChunkRef, ChunkTable } from "./chunk_table.ts";
export {
  adviceKey,
  decodeDeltaAdvice,
  DELTA_ADVICE_BYTES,
  DELTA_ADVICE_TYPE,
  type DeltaAdvice,
  encodeDeltaAdvice,
} from "./delta_advice.ts";
export { decodeIndex } from "./decode_index.ts";
export { encodeIndex } from "./encode_index.ts";
export { checkEntries, checkPath } from "./entry_check.ts";
export { mayBeWindows, windowsObjection } from "./portable_name.ts";
export {
  archiveTarget,
  deltaKey,
  indexTarget,
  notesTarget,
  packKey,
  targetKey,
} from "./published_layout.ts";
export {
  type DeltaRef,
  type DeltaSegment,
  type IndexedFile,
  type IndexEntry,
  type PackRef,
  type ReleaseIndex,
} from "./release_index.ts";
export {
  appOfPath,
  isAppName,
  parseReleaseInfo,
  readReleaseClaim,
  type ReleaseClaim,
  type ReleaseInfo,
  type ReleaseInfoObject,
  releaseInfoToCustom,
  type ReleaseInfoValue,
} from "./release_info.ts";
export { StreamLayout, type StreamPiece } from "./stream_layout.ts";
export { openStoredChunk, storeChunk } from "./stored_chunk.ts";
export { tarHeader } from "./tar_header.ts";
export { TreeStream } from "./tree_stream.ts";
export type { Pep440 } from "./pep440.ts";
export type { SemVer } from "./semver.ts";
export {
  compareVersions,
  isVersion,
  parseVersion,
  type Version,
  type VersionOrder,
} from "./version.ts";
