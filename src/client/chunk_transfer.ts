import type { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError } from "../errors.ts";
import {
  CHUNK_FRAME_BYTES,
  CHUNK_REQUEST_TYPE,
  type ChunkRef,
  encodeChunkRequest,
  openStoredChunk,
  type ReleaseIndex,
} from "../index/mod.ts";
import { BodyReader, type HttpAnswer, type Mirror } from "../transport/mod.ts";
import type { BatchPlan, ChunkRequestPlan } from "./chunk_request.ts";
import { transferRanges, type WholePack } from "./range_transfer.ts";

/** How a fetch is watched and ended. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told why more bytes travel than were planned: a mirror failed, or sent more than was asked for. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** Where several fetches of one update share a pack that came whole. */
  readonly whole?: WholePack | undefined;
}

/** A release index and the hash by which edges know it. */
export interface NamedIndex {
  /** What it says. */
  readonly index: ReleaseIndex;
  /** SHA-256 of its bytes. */
  readonly sha256: Uint8Array;
}

/** Chunks, where they lie, and the hash by which edges know who names them. */
export interface NamedChunks {
  /** A release index, or a hint index. */
  readonly index: Pick<ReleaseIndex, "chunks" | "packs">;
  /** SHA-256 of the release index, or of the target that is hinted at. */
  readonly sha256: Uint8Array;
}

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
  for (const request of requests) {
    if (request.kind !== "batch") continue;
    yield* transferBatch({ index, sha256 }, request, mirror, options.signal);
  }
}

async function* transferBatch(
  { index, sha256 }: NamedChunks,
  batch: BatchPlan,
  mirror: Mirror,
  signal?: AbortSignal,
): AsyncGenerator<VerifiedChunk, void, undefined> {
  const answer = await mirror.send("chunks", {
    method: "POST",
    headers: { "content-type": CHUNK_REQUEST_TYPE },
    body: encodeChunkRequest({ index: sha256, ordinals: batch.ordinals }),
    maxBytes: batch.bytes,
    ...(signal && { signal }),
  });
  try {
    if (answer.status !== 200) throw unexpectedStatus(answer, mirror, "chunks");
    const body = new BodyReader(answer.body, `the chunks from ${mirror.url.host}`);
    for (const ordinal of batch.ordinals) {
      const chunk = index.chunks.at(ordinal);
      const frame = await body.bytes(CHUNK_FRAME_BYTES);
      const length = new DataView(frame.buffer).getUint32(0, true);
      if (length !== chunk.storedLength) throw notSent(chunk, length, mirror);
      yield await openStoredChunk(await body.bytes(length), chunk);
    }
    await body.end();
  } finally {
    await answer.cancel();
  }
}

function notSent(chunk: ChunkRef, length: number, mirror: Mirror): BrecciaError {
  return length === 0
    ? new BrecciaError(
      "chunk-missing",
      `Cannot get chunk ${chunk.ordinal} from ${mirror.url.host}: it does not have it now; try ` +
        `again or use another mirror`,
    )
    : new BrecciaError(
      "chunk-mismatch",
      `Cannot accept chunk ${chunk.ordinal} from ${mirror.url.host}: ${length} bytes were sent where ` +
        `${chunk.storedLength} are signed; use another mirror`,
    );
}

/** The error for an answer that is none: the mirror lacks `what`, or fails. */
export function unexpectedStatus(
  { status }: HttpAnswer,
  mirror: Mirror,
  what: string,
): BrecciaError {
  return new BrecciaError(
    status === 404 || status === 410 ? "chunk-missing" : "http-status",
    `Cannot fetch ${what} from ${mirror.url.host}: it answered ${status}; try again or use another ` +
      `mirror`,
  );
}
