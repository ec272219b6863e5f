import type { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError, checkCancelled } from "../errors.ts";
import type { ChunkRef } from "../index/mod.ts";
import type { RandomAccess } from "../ports/mod.ts";
import type { MirrorSet } from "../transport/mod.ts";
import { fetchChunks } from "./chunk_fetch.ts";
import type { UpdatePlan } from "./plan_update.ts";
import { readSeedChunk, type Seed } from "./seed.ts";

/** What a plan is carried out with. */
export interface TransferOptions {
  readonly mirrors: MirrorSet;
  /** The release's own stream as far as it was written: it holds chunks that occur again. */
  readonly written: RandomAccess;
  readonly signal?: AbortSignal | undefined;
  /** Told why more travels than was planned. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
}

/**
 * Every chunk of the release in order, from where the plan says. A seed that was changed on disk since is
 * noticed by its hash, and the chunk is fetched.
 *
 * @throws {BrecciaError} see `fetchChunks`.
 */
export async function* releaseChunks(
  plan: UpdatePlan,
  options: TransferOptions,
): AsyncGenerator<VerifiedChunk, void, undefined> {
  const { index } = plan.release;
  const fetched = fetchChunks(plan.release, [...plan.sources.fetched()], options.mirrors, options);
  try {
    for (const chunk of index.chunks) {
      checkCancelled(options.signal, "The update");
      const source = plan.sources.of(chunk.ordinal);
      if (source.kind === "fetch") {
        yield await nextOf(fetched);
      } else if (source.kind === "earlier") {
        const place = index.chunks.at(source.ordinal);
        yield await readSeedChunk(options.written, place, chunk.hash) ??
          await refetch(plan, chunk, "the tree being written", options);
      } else {
        const seed = plan.seeds[source.place.seed] as Seed;
        const place = seed.index.chunks.at(source.place.ordinal);
        yield await readSeedChunk(seed.stream, place, chunk.hash) ??
          await refetch(plan, chunk, seed.label, options);
      }
    }
  } finally {
    await fetched.return();
  }
}

async function refetch(
  plan: UpdatePlan,
  chunk: ChunkRef,
  where: string,
  options: TransferOptions,
): Promise<VerifiedChunk> {
  options.onTrouble?.(`chunk ${chunk.ordinal} of ${where} was changed on disk and is fetched`);
  return await nextOf(fetchChunks(plan.release, [chunk.ordinal], options.mirrors, options));
}

async function nextOf(chunks: AsyncIterator<VerifiedChunk>): Promise<VerifiedChunk> {
  const { done, value } = await chunks.next();
  if (done) throw new BrecciaError("internal", "The fetch ended before its plan; report it");
  return value;
}
