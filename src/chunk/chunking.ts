import { BrecciaError } from "../errors.ts";
import { CONTENT_LIMITS } from "../limits.ts";

/** How a stream is cut. All lengths in bytes; the average is a power of two. */
export interface Chunking {
  /** No chunk but the last is shorter. */
  readonly minimum: number;
  /** What chunk lengths centre on. */
  readonly average: number;
  /** No chunk is longer. */
  readonly maximum: number;
}

/** 16 KiB, 64 KiB, 256 KiB: what releases are cut with unless the publisher says otherwise. */
export const DEFAULT_CHUNKING: Chunking = { minimum: 16384, average: 65536, maximum: 262144 };

/**
 * Refuses lengths that the cutter can't honour.
 *
 * @throws {BrecciaError} `usage` unless 64 ≤ minimum ≤ average ≤ maximum ≤ 1 MiB and the average is a
 * power of two from 256 bytes to 512 KiB.
 */
export function checkChunking(chunking: Chunking): void {
  const { minimum, average, maximum } = chunking;
  const bits = Math.log2(average);
  if (
    !Number.isInteger(bits) || bits < 8 || bits > 19 || !Number.isInteger(minimum) ||
    !Number.isInteger(maximum) || minimum < 64 || minimum > average || maximum < average ||
    maximum > CONTENT_LIMITS.chunkBytes
  ) {
    throw new BrecciaError(
      "usage",
      `Cannot cut chunks of ${minimum}/${average}/${maximum} bytes: choose 64 ≤ minimum ≤ average ≤ ` +
        `maximum ≤ ${CONTENT_LIMITS.chunkBytes} and a power of two as average`,
    );
  }
}
