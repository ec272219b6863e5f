import { concatBytes } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import {
  CHUNK_FRAME_BYTES,
  CHUNK_REQUEST_TYPE,
  CHUNK_STREAM_TYPE,
  decodeChunkRequest,
  decodeMissingRequest,
  MISSING_REQUEST_TYPE,
  MISSING_STREAM_TYPE,
} from "../../src/index/mod.ts";
import type { Edge } from "../../src/mirror/mod.ts";
import { CACHE_POLICY } from "./headers.ts";
import { type AnswerSlots, busyResponse } from "./answer_slots.ts";
import { stallGuardedStream } from "./stall_guarded_stream.ts";

/** Longest request, in bytes (docs/formats/chunk-exchange.md). */
const MAX_REQUEST_BYTES = 1024 * 1024;

/** How long a request may take to come, in milliseconds: stops those who send a byte now and then. */
const BODY_MILLISECONDS = 30_000;

/** Chunks answered at once: at the default lengths a release stream of 2 GiB. */
export const MAX_CHUNKS = 32768;

/** Of this moment, and of a length that clients have counted on. */
const UNCHANGED = `${CACHE_POLICY.never}, no-transform`;

/** Small chunks are sent together, up to about this many bytes. */
const BATCH_BYTES = 128 * 1024;

/** Answers `POST /chunks` (docs/formats/chunk-exchange.md). `onSent` is told the bytes as they leave. */
export async function chunkResponse(
  request: Request,
  edge: Edge,
  onSent: (bytes: number) => void,
  { patience = BODY_MILLISECONDS, slots }: {
    readonly patience?: number;
    readonly slots?: AnswerSlots | undefined;
  } = {},
): Promise<Response> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim();
  const find = type === CHUNK_REQUEST_TYPE
    ? findAsked
    : type === MISSING_REQUEST_TYPE
    ? findMissing
    : undefined;
  if (find === undefined) return refusal(415);
  const body = await readBody(request, patience);
  if (typeof body === "number") return refusal(body);
  try {
    const found = await find(body, edge);
    if (found === undefined) return refusal(404);
    const ended = slots?.take();
    if (slots !== undefined && ended === undefined) return busyResponse();
    const headers = { "content-type": found.type, "cache-control": UNCHANGED };
    const stream = stallGuardedStream((signal) => inBatches(found.frames(signal), onSent), {
      ended,
    });
    return new Response(stream, { headers });
  } catch (error) {
    if (!isBrecciaError(error, "http-malformed")) throw error;
    return refusal(error.message.includes("more than") ? 413 : 400, error.message);
  }
}

/** Chunks that were found, and how they are sent. */
interface FoundChunks {
  readonly type: string;
  frames(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Chunks by their numbers. */
async function findAsked(body: Uint8Array, edge: Edge): Promise<FoundChunks | undefined> {
  const read = await edge.served?.chunks(decodeChunkRequest(body, MAX_CHUNKS));
  return read && {
    type: CHUNK_STREAM_TYPE,
    async *frames(signal) {
      for await (const { stored } of read(signal)) yield* frame(stored);
    },
  };
}

/** Chunks that the client lacks by what it says that it has. */
async function findMissing(body: Uint8Array, edge: Edge): Promise<FoundChunks | undefined> {
  const missing = await edge.served?.missingChunks(decodeMissingRequest(body), MAX_CHUNKS);
  return missing && {
    type: MISSING_STREAM_TYPE,
    async *frames(signal) {
      yield u32(missing.ordinals.length);
      yield u32(missing.next);
      for await (const { chunk, stored } of missing.read(signal)) {
        yield u32(chunk.ordinal);
        yield* frame(stored);
      }
    },
  };
}

function* frame(stored: Uint8Array = new Uint8Array()): Generator<Uint8Array> {
  yield u32(stored.length);
  yield stored;
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(CHUNK_FRAME_BYTES);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Small pieces together; `onSent` is told of each batch. */
async function* inBatches(
  pieces: AsyncIterable<Uint8Array>,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    batch.push(piece);
    bytes += piece.length;
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

/** The body; 413 when it is longer than any request is, 408 when it takes too long to come. */
async function readBody(request: Request, patience: number): Promise<Uint8Array | 408 | 413> {
  const reader = request.body?.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, patience, "late" as const);
  });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    while (reader !== undefined) {
      const part = await Promise.race([reader.read(), late]);
      if (part === "late") return 408;
      if (part.done) break;
      bytes += part.value.length;
      if (bytes > MAX_REQUEST_BYTES) return 413;
      parts.push(part.value);
    }
    return concatBytes(parts);
  } finally {
    clearTimeout(timer);
    // The rest of a body that was refused is of no use.
    await reader?.cancel().catch(() => {});
  }
}

/** Why a request is malformed is its sender's business: that is said. */
function refusal(status: number, why?: string): Response {
  const headers = {
    "cache-control": CACHE_POLICY.never,
    "breccia-max-chunks": String(MAX_CHUNKS),
    ...(status === 408 && { connection: "close" }),
    ...(why !== undefined && { "content-type": "text/plain; charset=utf-8" }),
  };
  return new Response(why === undefined ? null : `${why}\n`, { status, headers });
}
