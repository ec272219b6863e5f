import type { ReleaseIndex } from "../index/mod.ts";
import type { AdvisedDelta } from "./advised_delta.ts";
import { type ChunkRequestPlan, type MirrorKind, planRequests } from "./chunk_request.ts";
import { ChunkSources } from "./chunk_sources.ts";
import type { NamedIndex } from "./transfer_options.ts";
import { chooseDelta, type DeltaPlan, wholeDeltas } from "./delta_plan.ts";
import type { Seed } from "./seed.ts";
import { type TreeChanges, treeChanges } from "./tree_changes.ts";

/** What an update transfers, in bytes of HTTP bodies. */
export interface PlanBytes {
  /** All of it: the sum of `index`, `deltas`, `chunks`, `framing` and `gaps`. */
  readonly total: number;
  /** The release index; 0 when it is on the device already. */
  readonly index: number;
  /** Parts of a delta, and what an edge said of one that it made. */
  readonly deltas: number;
  /** Chunks as they are stored: most are compressed. */
  readonly chunks: number;
  /** What an edge adds to tell chunks apart. */
  readonly framing: number;
  /** What is fetched along with ranges of packs, or as the rest of whole packs, and dropped. */
  readonly gaps: number;
  /** For comparison: what a device with nothing would transfer in chunks. */
  readonly full: number;
  /** For comparison: the chunks that no seed has, as they would be fetched without a delta. */
  readonly missing: number;
  /** Bytes of the release that come from the device itself. */
  readonly reused: number;
  /** Length of the release. */
  readonly release: number;
}

/** How a device gets from what it has to a release. What it promises is what happens. */
export interface UpdatePlan {
  /** The release to move to. */
  readonly release: NamedIndex;
  /** The trees on the device that chunks are taken from. */
  readonly seeds: readonly Seed[];
  /** Where each chunk comes from when no delta makes it. */
  readonly sources: ChunkSources;
  /** The delta that is cheaper than the chunks it makes, where there is one. */
  readonly delta: DeltaPlan | undefined;
  /** The requests that bring chunks, in order. */
  readonly requests: readonly ChunkRequestPlan[];
  /** How the mirror serves chunks. */
  readonly mirror: MirrorKind;
  /** What it costs. */
  readonly bytes: PlanBytes;
  /** How much of that has travelled already: the index, and what an edge said. */
  readonly spent: number;
  /** What it does to files. */
  readonly changes: TreeChanges;
  /** Sentences for people: why these bytes travel. */
  readonly reasons: readonly string[];
}

/** What a plan is made from. */
export interface PlanInput {
  /** The release to move to. */
  readonly release: NamedIndex;
  /** Bytes that fetching the index took. */
  readonly indexBytes: number;
  /** What runs now, to tell which files change. */
  readonly installed?: ReleaseIndex | undefined;
  /** Where chunks may be taken from, the best first. */
  readonly seeds: readonly Seed[];
  /** How the mirror that will be asked serves chunks. */
  readonly mirror: MirrorKind;
  /** What an edge said of a delta that nobody published. */
  readonly advised?: AdvisedDelta | undefined;
}

/** Plans an update: for each chunk its cheapest source, and the requests for those that no seed has. */
export function planUpdate(input: PlanInput): UpdatePlan {
  const { release, seeds, mirror, advised } = input;
  const { index } = release;
  const sources = ChunkSources.choose(index, seeds);
  const delta = mirror === "whole"
    ? chooseWholeDelta(index, seeds, sources)
    : chooseDelta(index, seeds, sources, advised?.offer);
  const fetched = [...fetchedOutside(sources, delta)];
  const requests = planRequests(index, fetched, mirror);
  let chunks = 0;
  let fetchedPlain = 0;
  for (const ordinal of fetched) {
    chunks += index.chunks.at(ordinal).storedLength;
    fetchedPlain += index.chunks.at(ordinal).length;
  }
  const requested = requests.reduce((sum, request) => sum + request.bytes, 0);
  let full = 0;
  for (const chunk of index.chunks) full += chunk.storedLength;
  let missing = 0;
  for (const ordinal of sources.fetched()) missing += index.chunks.at(ordinal).storedLength;
  const deltaBytes = (advised?.bytes ?? 0) + (delta?.bytes ?? 0);
  const bytes: PlanBytes = {
    total: input.indexBytes + deltaBytes + requested,
    index: input.indexBytes,
    deltas: deltaBytes,
    chunks,
    framing: mirror === "edge" ? requested - chunks : 0,
    gaps: mirror === "edge" ? 0 : requested - chunks,
    full,
    missing,
    reused: index.streamBytes - fetchedPlain,
    release: index.streamBytes,
  };
  return {
    release,
    seeds,
    sources,
    delta,
    requests,
    mirror,
    bytes,
    spent: input.indexBytes + (advised?.bytes ?? 0),
    changes: treeChanges(input.installed, index),
    reasons: [...reasonsFor(seeds, bytes, requests, delta), ...saidBy(advised)],
  };
}

/** From a host without ranges: the delta that saves most whole packs, counting all of its own bytes. */
function chooseWholeDelta(
  index: ReleaseIndex,
  seeds: readonly Seed[],
  sources: ChunkSources,
): DeltaPlan | undefined {
  let best: DeltaPlan | undefined;
  let least = costOf(undefined);
  function costOf(delta: DeltaPlan | undefined): number {
    const packs = planRequests(index, fetchedOutside(sources, delta), "whole");
    return packs.reduce((sum, { bytes }) => sum + bytes, delta?.bytes ?? 0);
  }
  for (const delta of wholeDeltas(index, seeds, sources)) {
    const cost = costOf(delta);
    if (cost < least) [best, least] = [delta, cost];
  }
  return best;
}

/** Chunks that neither a seed nor the delta provides, in stream order. */
export function* fetchedOutside(
  sources: ChunkSources,
  delta: DeltaPlan | undefined,
): Generator<number> {
  const segments = delta?.segments ?? [];
  let next = 0;
  for (const ordinal of sources.fetched()) {
    while (next < segments.length && segments[next]!.end <= ordinal) next++;
    const segment = segments[next];
    if (segment === undefined || ordinal < segment.first) yield ordinal;
  }
}

const WAYS: Readonly<Record<ChunkRequestPlan["kind"], string>> = {
  batch: "asked for in batches from an edge",
  range: "read as ranges of packs from a static host",
  pack: "in packs that travel whole: the host sends no ranges",
};

function saidBy(advised: AdvisedDelta | undefined): readonly string[] {
  return advised?.reason === undefined ? [] : [advised.reason];
}

function reasonsFor(
  seeds: readonly Seed[],
  bytes: PlanBytes,
  requests: readonly ChunkRequestPlan[],
  delta: DeltaPlan | undefined,
): string[] {
  const reasons: string[] = [];
  if (seeds.length === 0) reasons.push("nothing is installed: every chunk is fetched");
  for (const { label, chunks, index } of seeds) {
    const whole = chunks === index.chunks.count
      ? ""
      : `, ${chunks} of ${index.chunks.count} chunks`;
    reasons.push(`chunks are taken from ${label}${whole}`);
  }
  if (delta !== undefined) {
    reasons.push(
      `${delta.segments.length} of ${delta.ref.segments.length} segments come from the delta that ` +
        `starts at ${delta.ref.baseVersion}` +
        (delta.mirror === undefined ? "" : `, made by ${delta.mirror.url.host}`),
    );
  }
  if (bytes.chunks === 0 && delta !== undefined) reasons.push("no chunk is fetched");
  else if (bytes.chunks === 0) reasons.push("every chunk is on this device");
  else {
    const kind = requests[0]?.kind ?? "range";
    reasons.push(`what is missing is ${WAYS[kind]}`);
  }
  return reasons;
}
