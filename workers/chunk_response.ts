import { concatBytes } from "../src/bytes/mod.ts";
import { isBrecciaError } from "../src/errors.ts";
import {
  CHUNK_FRAME_BYTES,
  CHUNK_REQUEST_TYPE,
  CHUNK_STREAM_TYPE,
  decodeChunkRequest,
} from "../src/index/mod.ts";
import type { Edge, StoredChunk } from "../src/mirror/mod.ts";
import { streamOf } from "./file_response.ts";
import { CACHE_POLICY } from "./headers.ts";

/** Longest request, in bytes (docs/formats/chunk-exchange.md). */
const MAX_REQUEST_BYTES = 1024 * 1024;

/** Chunks answered at once: at the default lengths a release stream of 2 GiB. */
export const MAX_CHUNKS = 32768;

/** Small chunks are sent together, up to about this many bytes. */
const BATCH_BYTES = 256 * 1024;

/** Answers `POST /chunks` (docs/formats/chunk-exchange.md). `onSent` is told the bytes as they leave. */
export async function chunkResponse(
  request: Request,
  edge: Edge,
  onSent: (bytes: number) => void,
): Promise<Response> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim();
  if (type !== CHUNK_REQUEST_TYPE) return refusal(415);
  const body = await readBody(request);
  if (body === undefined) return refusal(413);
  try {
    const asked = decodeChunkRequest(body, MAX_CHUNKS);
    const read = await edge.served?.chunks(asked);
    if (read === undefined) return refusal(404);
    const headers = { "content-type": CHUNK_STREAM_TYPE, "cache-control": CACHE_POLICY.never };
    return new Response(streamOf((signal) => frames(read(signal), onSent)), { headers });
  } catch (error) {
    if (!isBrecciaError(error, "http-malformed")) throw error;
    return refusal(error.message.includes("more than") ? 413 : 400);
  }
}

async function* frames(
  chunks: AsyncIterable<StoredChunk>,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for await (const { stored = new Uint8Array() } of chunks) {
    const head = new Uint8Array(CHUNK_FRAME_BYTES);
    new DataView(head.buffer).setUint32(0, stored.length, true);
    batch.push(head, stored);
    bytes += head.length + stored.length;
    if (bytes >= BATCH_BYTES) {
      onSent(bytes);
      yield concatBytes(batch);
      batch = [];
      bytes = 0;
    }
  }
  onSent(bytes);
  if (bytes > 0) yield concatBytes(batch);
}

/** The body, or `undefined` when it is longer than any request is. */
async function readBody(request: Request): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_REQUEST_BYTES) return undefined;
    parts.push(part);
  }
  return concatBytes(parts);
}

function refusal(status: number): Response {
  const headers = { "cache-control": CACHE_POLICY.never, "breccia-max-chunks": String(MAX_CHUNKS) };
  return new Response(null, { status, headers });
}
