import { bitLength } from "./bit_length.ts";

/** Old bytes that the literal model looks at on each side of where a stretch begins. */
export const NEIGHBOURHOOD_BYTES = 512;

/** Right guesses in a row that are flagged each; what follows is counted. */
export const NEAR_TOKENS = 192;

/**
 * By how many bits all tables are smaller in a segment that makes `length` bytes: 0 from 2 MiB on, one for
 * each halving, at most 10. Forgetting takes as long as the tables are large, and a hostile delta may have
 * thousands of small segments.
 */
export function tableShift(length: number): number {
  return Math.min(10, Math.max(0, 22 - bitLength(length)));
}

/**
 * Most literal bytes of a mixed segment that makes `length` bytes, and most wrong guesses. Each costs
 * microseconds: this bounds the time that a hostile delta takes, and what compresses badly is not worth that
 * time anyway.
 */
export function mostCostly(length: number): number {
  return Math.max(64 * 1024, length >>> 3);
}
