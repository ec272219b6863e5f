import type { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import type { Mirror, MirrorSet } from "../transport/mod.ts";
import { type MirrorKind, planRequests } from "./chunk_request.ts";
import { transferChunks } from "./chunk_transfer.ts";
import type { FetchOptions, NamedIndex } from "./transfer_options.ts";

/** How this mirror serves chunks, as far as it is known: an edge serves packs, too. */
export function mirrorKind(mirror: Mirror): MirrorKind {
  if (mirror.isEdge) return "edge";
  return mirror.knowsRanges === false ? "whole" : "static";
}

/** What a range brought that is not the range: of the whole pack the same may be had. */
const NOT_THE_RANGE = [
  "http-malformed",
  "chunk-mismatch",
  "frame-malformed",
  "frame-oversized",
] as const;

/**
 * Yields the chunks numbered `ordinals` (in stream order), each verified, from whichever mirrors have them.
 * Where one mirror fails or lies, the next goes on at that very chunk. One that does not send the ranges that
 * are asked for is asked for whole packs before it counts as failed. When all of them failed at a chunk by
 * what may pass, they are asked again, as patiently as `mirrors` are.
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
  let trial = mirrors.patience?.begin();
  while (done < ordinals.length) {
    const mirror = nextMirror(mirrors, failed);
    if (mirror instanceof BrecciaError) {
      if (trial === undefined) throw mirror;
      await mirrors.tryAgain(trial, mirror, options.signal);
      failed.clear();
      continue;
    }
    const kind = mirrorKind(mirror);
    const requests = planRequests(release.index, ordinals.slice(done), kind);
    let progressed = false;
    try {
      for await (const chunk of transferChunks(release, requests, mirror, options)) {
        yield chunk;
        done++;
        failed.clear();
        progressed = true;
      }
    } catch (error) {
      if (!isBrecciaError(error) || error.code === "cancelled") throw error;
      if (progressed) trial = mirrors.patience?.begin();
      if (kind === "static" && isBrecciaError(error, ...NOT_THE_RANGE)) {
        mirror.giveUpRanges();
        options.onTrouble?.(`${said(error)}: whole packs are fetched from ${mirror.url.host}`);
        // To know no ranges is no fault; to send other bytes is one.
        if (error.code !== "http-malformed") {
          mirror.failures.push({ code: error.code, message: error.message });
        }
        continue;
      }
      mirror.failures.push({ code: error.code, message: error.message });
      failed.set(mirror, error);
      options.onTrouble?.(error.message);
    }
  }
}

/** What happened, without what to do about it. */
function said({ message }: BrecciaError): string {
  return message.split("; ", 1)[0] as string;
}

/** The mirror with the least blame that did not fail at this chunk, or how all of them failed. */
function nextMirror(
  mirrors: MirrorSet,
  failed: ReadonlyMap<Mirror, BrecciaError>,
): Mirror | BrecciaError {
  const best = mirrors.inOrder().find((mirror) => !failed.has(mirror));
  if (best !== undefined) return best;
  const errors = [...failed.values()];
  const first = errors[0] as BrecciaError;
  if (errors.length === 1) return first;
  return new BrecciaError(
    first.code,
    `Cannot fetch a chunk from any of ${errors.length} mirrors (${
      errors.map(({ message }) => message).join("; ")
    })`,
    { cause: first },
  );
}
