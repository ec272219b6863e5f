/** Where content came from that was asked for. */
export type ReadSource = "memory" | "store" | "upstream";

/**
 * How often content was opened to be served, by where it came from. Content that had to be brought first,
 * or again because it was damaged, came from the upstream.
 */
export type ReadCounts = Record<ReadSource, number>;

/** Counts from nought. */
export function noReads(): ReadCounts {
  return { memory: 0, store: 0, upstream: 0 };
}
