import type { VerifiedChunk } from "../chunk/mod.ts";
import type { Mirror } from "../transport/mod.ts";
import { transferBatch } from "./batch_transfer.ts";
import type { ChunkRequestPlan } from "./chunk_request.ts";
import { transferPacks } from "./pack_transfer.ts";
import { transferRanges } from "./range_transfer.ts";
import type { FetchOptions, NamedChunks } from "./transfer_options.ts";

/**
 * Sends `requests` to one mirror and yields their chunks, verified and in order.
 *
 * @throws {BrecciaError} `chunk-missing` when the mirror does not have one, `chunk-mismatch`,
 * `frame-malformed` or `frame-oversized` when it sends another, and the codes of the network family.
 */
export async function* transferChunks(
  { index, sha256 }: NamedChunks,
  requests: readonly ChunkRequestPlan[],
  mirror: Mirror,
  options: FetchOptions = {},
): AsyncGenerator<VerifiedChunk, void, undefined> {
  const ranges = requests.filter((request) => request.kind === "range");
  if (ranges.length > 0) yield* transferRanges(index, ranges, mirror, options);
  const packs = requests.filter((request) => request.kind === "pack");
  if (packs.length > 0) yield* transferPacks(index, packs, mirror, options);
  for (const request of requests) {
    if (request.kind !== "batch") continue;
    yield* transferBatch({ index, sha256 }, request, mirror, options.signal);
  }
}
