import { equalBytes } from "../bytes/mod.ts";
import { CHUNK_FRAME_BYTES, deltaKey, type DeltaRef, type ReleaseIndex } from "../index/mod.ts";
import type { Mirror } from "../transport/mod.ts";
import type { ChunkSources } from "./chunk_sources.ts";
import type { Seed } from "./seed.ts";

/** A segment of a delta and the chunks that it makes. */
export interface PlannedSegment {
  /** Its number in the delta. */
  readonly number: number;
  /** Numbers of its chunks: from `first` up to, not including, `end`. */
  readonly first: number;
  /** The chunk after its last. */
  readonly end: number;
  /** Where it lies in the delta file, in bytes. */
  readonly storedStart: number;
  /** The byte after its last. */
  readonly storedEnd: number;
}

/** One range of a delta file. */
export interface DeltaRange {
  /** Where it begins in the delta. */
  readonly offset: number;
  /** Its length in bytes. */
  readonly bytes: number;
}

/** A delta that can be had. */
export interface DeltaOffer {
  /** What the signed index says of it, or an edge: then nothing of it is signed. */
  readonly ref: DeltaRef;
  /** Where it lies on a mirror. */
  readonly key: string;
  /** The edge that made it, and alone has it; `undefined` for what the publisher made. */
  readonly mirror?: Mirror | undefined;
}

/** A delta, and which of its segments are cheaper than the chunks that they make. */
export interface DeltaPlan extends DeltaOffer {
  /** The release that it starts from. */
  readonly base: Seed;
  /** The segments to fetch, in order. */
  readonly segments: readonly PlannedSegment[];
  /** The requests that bring its head and these segments, in order. */
  readonly ranges: readonly DeltaRange[];
  /** Length of the ranges together. */
  readonly bytes: number;
}

/**
 * The delta that saves most, with the segments that are cheaper than fetching the chunks which no seed
 * has; `undefined` when none saves anything. For one delta the choice is exact: segments are independent, and
 * its head is paid once. Deltas are not chained: each would have to be decoded whole for the next.
 *
 * @param advised One that is not signed, which competes with those of the index.
 */
export function chooseDelta(
  index: ReleaseIndex,
  seeds: readonly Seed[],
  sources: ChunkSources,
  advised?: DeltaOffer,
): DeltaPlan | undefined {
  let best: { plan: DeltaPlan; saved: number } | undefined;
  const offers: DeltaOffer[] = index.deltas.map((ref) => ({ ref, key: deltaKey(ref.sha256) }));
  if (advised !== undefined) offers.push(advised);
  for (const offer of offers) {
    const { ref } = offer;
    const base = baseOf(ref, seeds);
    if (base === undefined) continue;
    const segments: PlannedSegment[] = [];
    let saved = -ref.headBytes;
    for (const segment of segmentsOf(ref)) {
      const gain = chunkCost(index, sources, segment) - (segment.storedEnd - segment.storedStart);
      if (gain <= 0) continue;
      segments.push(segment);
      saved += gain;
    }
    if (saved <= 0 || saved <= (best?.saved ?? 0)) continue;
    const ranges = rangesOf(ref, segments);
    const bytes = ranges.reduce((sum, range) => sum + range.bytes, 0);
    best = { plan: { ...offer, base, segments, ranges, bytes }, saved };
  }
  return best?.plan;
}

/**
 * Every delta that starts from a tree of the device, as a host without ranges sends it: whole. All of its
 * segments that make chunks which no seed has are used, since all of them travel.
 */
export function wholeDeltas(
  index: ReleaseIndex,
  seeds: readonly Seed[],
  sources: ChunkSources,
): DeltaPlan[] {
  return index.deltas.flatMap((ref) => {
    const base = baseOf(ref, seeds);
    if (base === undefined) return [];
    const segments = [...segmentsOf(ref)]
      .filter((segment) => chunkCost(index, sources, segment) > 0);
    const ranges = [{ offset: 0, bytes: ref.bytes }];
    return [{ ref, key: deltaKey(ref.sha256), base, segments, ranges, bytes: ref.bytes }];
  });
}

/** The tree that a delta starts from, where the device has all of it. */
function baseOf(ref: DeltaRef, seeds: readonly Seed[]): Seed | undefined {
  return seeds.find((seed) =>
    seed.chunks === seed.index.chunks.count && equalBytes(seed.index.streamSha256, ref.baseSha256)
  );
}

function* segmentsOf(ref: DeltaRef): Generator<PlannedSegment> {
  let first = 0;
  let stored = ref.headBytes;
  for (const [number, { chunks, bytes }] of ref.segments.entries()) {
    const [end, storedEnd] = [first + chunks, stored + bytes];
    yield { number, first, end, storedStart: stored, storedEnd };
    first = end;
    stored = storedEnd;
  }
}

/** Bytes that the chunks of a segment cost without the delta. */
function chunkCost(index: ReleaseIndex, sources: ChunkSources, segment: PlannedSegment): number {
  let bytes = 0;
  for (let ordinal = segment.first; ordinal < segment.end; ordinal++) {
    if (sources.of(ordinal).kind !== "fetch") continue;
    bytes += index.chunks.at(ordinal).storedLength + CHUNK_FRAME_BYTES;
  }
  return bytes;
}

/** Adjacent segments share a range; the head is in the first one, or alone. */
function rangesOf(ref: DeltaRef, segments: readonly PlannedSegment[]): DeltaRange[] {
  const ranges: { offset: number; bytes: number }[] = [{ offset: 0, bytes: ref.headBytes }];
  for (const { storedStart, storedEnd } of segments) {
    const last = ranges.at(-1) as { offset: number; bytes: number };
    if (last.offset + last.bytes === storedStart) last.bytes += storedEnd - storedStart;
    else ranges.push({ offset: storedStart, bytes: storedEnd - storedStart });
  }
  return ranges;
}
