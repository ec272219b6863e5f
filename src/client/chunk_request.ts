import { CHUNK_FRAME_BYTES, type ReleaseIndex } from "../index/mod.ts";
import { EXCHANGE_LIMITS } from "../limits.ts";
import { type PackPlan, planPacks } from "./pack_plan.ts";

/** One HTTP request that brings chunks. Requests are in stream order, by the first chunk of each. */
export type ChunkRequestPlan = BatchPlan | RangePlan | PackPlan;

/** One `POST /chunks` to an edge. */
export interface BatchPlan {
  /** Which kind of request it is. */
  readonly kind: "batch";
  /** Numbers of the chunks. */
  readonly ordinals: readonly number[];
  /** Length of the answer: stored chunks and their frames. */
  readonly bytes: number;
}

/** One range of one pack, from any static host. */
export interface RangePlan {
  /** Which kind of request it is. */
  readonly kind: "range";
  /** Numbers of the chunks. */
  readonly ordinals: readonly number[];
  /** Number of the pack. */
  readonly pack: number;
  /** Where the range begins in the pack. */
  readonly offset: number;
  /** Length of the range: stored chunks and the gaps between them. */
  readonly bytes: number;
}

/**
 * How a mirror serves chunks: an `edge` in batches, a `static` host as ranges of packs, and a host that knows
 * no ranges as `whole` packs.
 */
export type MirrorKind = "edge" | "static" | "whole";

/**
 * A gap of this many bytes is fetched along rather than paid for with a request of its own, whose headers
 * and round trip cost about as much.
 */
const GAP_BYTES = 16 * 1024;

/** A range is held in memory until it is verified. */
const RANGE_BYTES = 2 * 1024 * 1024;

/** The requests that bring the chunks numbered `ordinals`, which are in stream order. */
export function planRequests(
  index: Pick<ReleaseIndex, "chunks" | "packs">,
  ordinals: Iterable<number>,
  mirror: MirrorKind,
): ChunkRequestPlan[] {
  if (mirror === "edge") return planBatches(index, ordinals);
  return mirror === "whole" ? planPacks(index, ordinals) : planRanges(index, ordinals);
}

function planBatches(index: Pick<ReleaseIndex, "chunks">, ordinals: Iterable<number>): BatchPlan[] {
  const batches: { kind: "batch"; ordinals: number[]; bytes: number }[] = [];
  for (const ordinal of ordinals) {
    let batch = batches.at(-1);
    if (batch === undefined || batch.ordinals.length === EXCHANGE_LIMITS.chunks) {
      batch = { kind: "batch", ordinals: [], bytes: 0 };
      batches.push(batch);
    }
    batch.ordinals.push(ordinal);
    batch.bytes += CHUNK_FRAME_BYTES + index.chunks.at(ordinal).storedLength;
  }
  return batches;
}

/**
 * Ranges never jump back in a pack nor run ahead of the stream, so that what arrives can be written at
 * once: a chunk that lies near in the pack but is needed much later has a range of its own.
 */
function planRanges(index: Pick<ReleaseIndex, "chunks">, ordinals: Iterable<number>): RangePlan[] {
  const ranges: (Omit<RangePlan, "ordinals" | "bytes"> & { ordinals: number[]; bytes: number })[] =
    [];
  for (const ordinal of ordinals) {
    const chunk = index.chunks.at(ordinal);
    const end = chunk.packOffset + chunk.storedLength;
    const range = ranges.at(-1);
    const gap = range?.pack === chunk.pack
      ? chunk.packOffset - (range.offset + range.bytes)
      : Infinity;
    if (range !== undefined && gap >= 0 && gap <= GAP_BYTES && end - range.offset <= RANGE_BYTES) {
      range.ordinals.push(ordinal);
      range.bytes = end - range.offset;
    } else {
      const { pack, packOffset: offset, storedLength: bytes } = chunk;
      ranges.push({ kind: "range", ordinals: [ordinal], pack, offset, bytes });
    }
  }
  return ranges;
}
