import type { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import type { Mirror, MirrorSet } from "../transport/mod.ts";
import { type MirrorKind, planRequests } from "./chunk_request.ts";
import { transferChunks } from "./chunk_transfer.ts";
import type { FetchOptions, NamedIndex } from "./transfer_options.ts";

/** How this mirror serves chunks, as far as it is known: an edge serves packs, too. */
export function mirrorKind(mirror: Mirror): MirrorKind {
  return mirror.isEdge ? "edge" : "static";
}

/**
 * Yields the chunks numbered `ordinals` (in stream order), each verified, from whichever mirrors have them.
 * Where one mirror fails or lies, the next goes on at that very chunk.
 *
 * @throws {BrecciaError} what the mirrors threw, when none of them provides a chunk; `cancelled`.
 */
export async function* fetchChunks(
  release: NamedIndex,
  ordinals: readonly number[],
  mirrors: MirrorSet,
  options: FetchOptions = {},
): AsyncGenerator<VerifiedChunk, void, undefined> {
  let done = 0;
  /** Mirrors that failed at the chunk which is next, and how. */
  const failed = new Map<Mirror, BrecciaError>();
  while (done < ordinals.length) {
    const mirror = nextMirror(mirrors, failed);
    const requests = planRequests(release.index, ordinals.slice(done), mirrorKind(mirror));
    try {
      for await (const chunk of transferChunks(release, requests, mirror, options)) {
        yield chunk;
        done++;
        failed.clear();
      }
    } catch (error) {
      if (!isBrecciaError(error) || error.code === "cancelled") throw error;
      mirror.blame.push({ code: error.code, message: error.message });
      failed.set(mirror, error);
      options.onTrouble?.(error.message);
    }
  }
}

/** The mirror with the least blame that did not fail at this chunk. */
function nextMirror(
  mirrors: MirrorSet,
  failed: ReadonlyMap<Mirror, BrecciaError>,
): Mirror {
  const best = mirrors.inOrder().find((mirror) => !failed.has(mirror));
  if (best !== undefined) return best;
  const errors = [...failed.values()];
  const first = errors[0] as BrecciaError;
  if (errors.length === 1) throw first;
  throw new BrecciaError(
    first.code,
    `Cannot fetch a chunk from any of ${errors.length} mirrors (${
      errors.map(({ message }) => message).join("; ")
    })`,
    { cause: first },
  );
}
