import type { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError } from "../errors.ts";
import {
  CHUNK_FRAME_BYTES,
  CHUNK_REQUEST_TYPE,
  type ChunkRef,
  encodeChunkRequest,
  openStoredChunk,
} from "../index/mod.ts";
import { BodyReader, type Mirror } from "../transport/mod.ts";
import type { BatchPlan } from "./chunk_request.ts";
import type { NamedChunks } from "./transfer_options.ts";
import { unexpectedStatus } from "./unexpected_status.ts";

/**
 * Asks an edge for a batch of chunks and yields them, verified and in order.
 *
 * @throws {BrecciaError} see `transferChunks`.
 */
export async function* transferBatch(
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
