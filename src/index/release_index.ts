import type { Chunking } from "../chunk/mod.ts";
import type { TreeDirectory, TreeFile, TreeLink } from "../ports/mod.ts";
import type { ChunkTable } from "./chunk_table.ts";

/** A regular file of a release, with the hash of its content. */
export interface IndexedFile extends TreeFile {
  /** SHA-256 of the content, 32 bytes. */
  readonly sha256: Uint8Array;
}

/** An entry of a release. */
export type IndexEntry = IndexedFile | TreeDirectory | TreeLink;

/** An immutable file of stored chunks in a row. */
export interface PackRef {
  /** SHA-256 of the whole pack, 32 bytes: its name. */
  readonly sha256: Uint8Array;
  /** Its length in bytes. */
  readonly bytes: number;
}

/** A part of a delta that can be fetched and decoded by itself. */
export interface DeltaSegment {
  /** How many chunks of this release it makes. */
  readonly chunks: number;
  /** Its length in the delta file, in bytes. */
  readonly bytes: number;
}

/** A delta that leads from another release's stream to this one's. */
export interface DeltaRef {
  /** SHA-256 of the stream it starts from, 32 bytes. */
  readonly baseSha256: Uint8Array;
  /** Version it starts from, for people. */
  readonly baseVersion: string;
  /** SHA-256 of the delta file, 32 bytes: its name. */
  readonly sha256: Uint8Array;
  /** Its length in bytes. */
  readonly bytes: number;
  /** Length of its header and segment table, which precede the segments. */
  readonly headBytes: number;
  /** Its segments, in order. */
  readonly segments: readonly DeltaSegment[];
}

/** What a release is made of (docs/formats/release-index.md). */
export interface ReleaseIndex {
  /** Name of the app. */
  readonly app: string;
  /** Its version. */
  readonly version: string;
  /** Platform it runs on; `"any"` for all. */
  readonly platform: string;
  /** How the stream was cut. */
  readonly chunking: Chunking;
  /** Length of the release stream in bytes. */
  readonly streamBytes: number;
  /** SHA-256 of the release stream, 32 bytes. */
  readonly streamSha256: Uint8Array;
  /** The tree, in ascending order of path bytes. */
  readonly entries: readonly IndexEntry[];
  /** The chunks of the stream, in order. */
  readonly chunks: ChunkTable;
  /** The packs that hold its chunks. */
  readonly packs: readonly PackRef[];
  /** Deltas that lead to it. */
  readonly deltas: readonly DeltaRef[];
}
