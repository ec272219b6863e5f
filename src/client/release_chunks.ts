import { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError, checkCancelled, isBrecciaError } from "../errors.ts";
import type { ChunkRef } from "../index/mod.ts";
import type { RandomAccess } from "../ports/mod.ts";
import type { MirrorSet } from "../transport/mod.ts";
import { fetchChunks } from "./chunk_fetch.ts";
import type { PlannedSegment } from "./delta_plan.ts";
import { type DecodedSegment, DeltaTransfer } from "./delta_transfer.ts";
import { fetchedOutside, type UpdatePlan } from "./plan_update.ts";
import { readSeedChunk, type Seed } from "./seed.ts";
import { WholePack } from "./whole_pack.ts";

/** What a plan is carried out with. */
export interface TransferOptions {
  readonly mirrors: MirrorSet;
  /** The release's own stream as far as it was written: it holds chunks that occur again. */
  readonly written: RandomAccess;
  readonly signal?: AbortSignal | undefined;
  /** Told why more travels than was planned. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
}

/** What all fetches of one update share. */
interface SharedOptions extends TransferOptions {
  readonly whole: WholePack;
}

/**
 * Every chunk of the release in order, from where the plan says. A seed that was changed on disk since is
 * noticed by its hash, and the chunk is fetched; a delta that is missing, broken or wrong is given up, and
 * the chunks that it would have made come from seeds and mirrors.
 *
 * @throws {BrecciaError} see `fetchChunks`.
 */
export async function* releaseChunks(
  plan: UpdatePlan,
  options: TransferOptions,
): AsyncGenerator<VerifiedChunk, void, undefined> {
  const { index } = plan.release;
  const shared = { ...options, whole: new WholePack() };
  const outside = [...fetchedOutside(plan.sources, plan.delta)];
  const fetched = fetchChunks(plan.release, outside, options.mirrors, shared);
  const delta = plan.delta && new DeltaTransfer(plan.delta, index, options);
  const segments = new Map(plan.delta?.segments.map((segment) => [segment.first, segment]));
  let instead: AsyncGenerator<VerifiedChunk, void, undefined> | undefined;
  let usable = true;
  try {
    for (let ordinal = 0; ordinal < index.chunks.count;) {
      checkCancelled(options.signal, "The update");
      const segment = segments.get(ordinal);
      if (segment === undefined) {
        const chunk = index.chunks.at(ordinal++);
        yield await chunkOf(plan, chunk, () => nextOf(fetched), shared);
        continue;
      }
      const decoded: DecodedSegment | undefined = delta && usable && instead === undefined
        ? await decodeOrSay(delta, segment, options)
        : undefined;
      if (decoded === undefined) {
        instead ??= fetchChunks(plan.release, undone(plan, ordinal), options.mirrors, shared);
        for (; ordinal < segment.end; ordinal++) {
          yield await chunkOf(plan, index.chunks.at(ordinal), () => nextOf(instead!), shared);
        }
      } else {
        const right: boolean = yield* segmentChunks(plan, segment, decoded, shared);
        // What nobody signed gets no second chance.
        usable = right || plan.delta?.mirror === undefined;
      }
      ordinal = segment.end;
    }
  } finally {
    await fetched.return();
    await instead?.return();
    await delta?.close();
  }
}

/** Numbers of the chunks to fetch in place of all segments from the one that begins at chunk `first`. */
function undone(plan: UpdatePlan, first: number): number[] {
  const ordinals: number[] = [];
  for (const segment of plan.delta?.segments ?? []) {
    if (segment.first < first) continue;
    for (let ordinal = segment.first; ordinal < segment.end; ordinal++) {
      if (plan.sources.of(ordinal).kind === "fetch") ordinals.push(ordinal);
    }
  }
  return ordinals;
}

/** The segment, or `undefined` when the delta can't be used, which is said. */
async function decodeOrSay(
  delta: DeltaTransfer,
  segment: PlannedSegment,
  options: TransferOptions,
): Promise<DecodedSegment | undefined> {
  try {
    return await delta.decode(segment);
  } catch (error) {
    if (!isBrecciaError(error) || error.code === "cancelled") throw error;
    options.onTrouble?.(error.message);
    delta.mirror?.failures.push({ code: error.code, message: error.message });
    return undefined;
  }
}

/**
 * The chunks of a segment: those that were decoded right, and the others in one fetch. Returns whether all
 * were right.
 */
async function* segmentChunks(
  plan: UpdatePlan,
  segment: PlannedSegment,
  decoded: DecodedSegment,
  options: SharedOptions,
): AsyncGenerator<VerifiedChunk, boolean, undefined> {
  const { chunks } = plan.release.index;
  const start = chunks.at(segment.first).offset;
  const made: (VerifiedChunk | undefined)[] = [];
  const wrong: number[] = [];
  for (let ordinal = segment.first; ordinal < segment.end; ordinal++) {
    const chunk = chunks.at(ordinal);
    const at = chunk.offset - start;
    const right = await accepted(decoded.bytes.slice(at, at + chunk.length), chunk);
    if (right === undefined) wrong.push(ordinal);
    made.push(right);
  }
  if (wrong.length > 0) {
    const why =
      `${wrong.length} of ${made.length} chunks came out of a segment of the delta wrong ` +
      `and are fetched`;
    options.onTrouble?.(why);
    plan.delta?.mirror?.failures.push({ code: "delta-mismatch", message: why });
  }
  const missing = wrong.filter((ordinal) => plan.sources.of(ordinal).kind === "fetch");
  const fetched = fetchChunks(plan.release, missing, options.mirrors, options);
  try {
    for (const [i, chunk] of made.entries()) {
      yield chunk ??
        await chunkOf(plan, chunks.at(segment.first + i), () => nextOf(fetched), options);
    }
  } finally {
    await fetched.return();
  }
  return wrong.length === 0;
}

async function accepted(
  bytes: Uint8Array<ArrayBuffer>,
  chunk: ChunkRef,
): Promise<VerifiedChunk | undefined> {
  try {
    return await VerifiedChunk.verify(bytes, chunk.hash);
  } catch (error) {
    if (isBrecciaError(error, "chunk-mismatch")) return undefined;
    throw error;
  }
}

/** A chunk from its seed, from the tree being written, or by `fetch`. */
async function chunkOf(
  plan: UpdatePlan,
  chunk: ChunkRef,
  fetch: () => Promise<VerifiedChunk>,
  options: SharedOptions,
): Promise<VerifiedChunk> {
  const source = plan.sources.of(chunk.ordinal);
  if (source.kind === "fetch") return await fetch();
  const [stream, where, place] = source.kind === "seed"
    ? seedPlace(plan.seeds[source.place.seed] as Seed, source.place.ordinal)
    : [options.written, "the tree being written", plan.release.index.chunks.at(source.ordinal)];
  const found = await readSeedChunk(stream, place, chunk.hash);
  if (found !== undefined) return found;
  options.onTrouble?.(`chunk ${chunk.ordinal} of ${where} was changed on disk and is fetched`);
  return await fetchOne(plan, chunk, options);
}

function seedPlace(seed: Seed, ordinal: number): [RandomAccess, string, ChunkRef] {
  return [seed.stream, seed.label, seed.index.chunks.at(ordinal)];
}

async function fetchOne(
  plan: UpdatePlan,
  chunk: ChunkRef,
  options: SharedOptions,
): Promise<VerifiedChunk> {
  return await nextOf(fetchChunks(plan.release, [chunk.ordinal], options.mirrors, options));
}

async function nextOf(chunks: AsyncIterator<VerifiedChunk>): Promise<VerifiedChunk> {
  const { done, value } = await chunks.next();
  if (done) throw new BrecciaError("internal", "The fetch ended before its plan; report it");
  return value;
}
