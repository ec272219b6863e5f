import type { ReleaseIndex } from "../index/mod.ts";
import type { WholePack } from "./whole_pack.ts";

/** How a fetch is watched and ended. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told why more bytes travel than were planned: a mirror failed, or sent more than was asked for. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** Where several fetches of one update share a pack that came whole. */
  readonly whole?: WholePack | undefined;
}

/** A release index and the hash by which edges know it. */
export interface NamedIndex {
  /** What it says. */
  readonly index: ReleaseIndex;
  /** SHA-256 of its bytes. */
  readonly sha256: Uint8Array;
}

/** Chunks, where they lie, and the hash by which edges know who names them. */
export interface NamedChunks {
  /** A release index, or a hint index. */
  readonly index: Pick<ReleaseIndex, "chunks" | "packs">;
  /** SHA-256 of the release index, or of the target that is hinted at. */
  readonly sha256: Uint8Array;
}
