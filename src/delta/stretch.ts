import type { PairLayout, Region } from "./pair_layout.ts";
import type { ResidualCoder } from "./residual_coder.ts";

/** A buffer with its view for numbers. */
export interface Buffer32 {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Old bytes that must be readable on each side of a match: instructions are judged by neighbours. */
export const CONTEXT_BYTES = 24;

/** A stretch of a match within one region of an image pair. */
export interface Stretch {
  readonly coder: ResidualCoder;
  readonly pair: PairLayout;
  readonly region: Region;
  /** Holds the old bytes at `at`, {@linkcode CONTEXT_BYTES} around the match included. */
  readonly old: Buffer32;
  readonly at: number;
  /** Offset in the old file. */
  readonly offset: number;
  /** Holds the new bytes of the segment at `outputAt`. */
  readonly output: Buffer32;
  readonly outputAt: number;
  /** Offset in the new file. */
  readonly newOffset: number;
  /** Bytes to the end of the region or the match. */
  readonly count: number;
  /** Bytes to the end of the match: the last token may end after the region. */
  readonly available: number;
}

/** Codes the tokens of one kind of region. */
export interface RegionPredictor {
  /** Codes a stretch; returns how many bytes, at least `count`. */
  code(stretch: Stretch): number;
}

/** Codes the bytes `[from, to)` of a stretch, each guessed to be unchanged. */
export function codeBytes(stretch: Stretch, from: number, to: number): void {
  if (from >= to) return;
  const { coder, old, at, output, outputAt } = stretch;
  coder.bytes(old.bytes, at + from, output.bytes, outputAt + from, to - from);
}
