import { ByteReader, ByteWriter, SHA256_BYTES } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";

/** Media type of a request for chunks (docs/formats/chunk-exchange.md). */
export const CHUNK_REQUEST_TYPE = "application/vnd.breccia.chunk-request";

/** Media type of the answer: for each chunk a u32 length and that many stored bytes. */
export const CHUNK_STREAM_TYPE = "application/vnd.breccia.chunks";

/** Bytes before each stored chunk in an answer; a length of zero says "not there". */
export const CHUNK_FRAME_BYTES = 4;

/** Runs one request may hold: bounds the work that a few bytes can ask for. */
const MAX_RUNS = 65536;

/** Chunks of one release, asked for in one round trip. */
export interface ChunkRequest {
  /** SHA-256 of the release index that names them, 32 bytes. */
  readonly index: Uint8Array;
  /** Chunk numbers, in the order they are wanted, each once. */
  readonly ordinals: readonly number[];
}

/** The body of `POST /chunks`: index hash, count of runs, then first number and length of each run. */
export function encodeChunkRequest(request: ChunkRequest): Uint8Array<ArrayBuffer> {
  const runs: { first: number; length: number }[] = [];
  for (const ordinal of request.ordinals) {
    const last = runs.at(-1);
    if (last !== undefined && ordinal === last.first + last.length) last.length++;
    else runs.push({ first: ordinal, length: 1 });
  }
  const out = new ByteWriter();
  out.bytes(request.index);
  out.varint(runs.length);
  for (const run of runs) {
    out.varint(run.first);
    out.varint(run.length);
  }
  return out.finish();
}

/**
 * Reads the body of `POST /chunks`.
 *
 * @param maxChunks How many chunks one request may ask for.
 * @throws {BrecciaError} `http-malformed` when it is broken, names a chunk twice or asks for more.
 */
export function decodeChunkRequest(body: Uint8Array, maxChunks: number): ChunkRequest {
  const reader = new ByteReader(body, "chunk request", "http-malformed");
  const index = reader.bytes(SHA256_BYTES);
  // Each once: a few bytes must not ask for more than there is.
  const ordinals = new Set<number>();
  for (let left = reader.varint(MAX_RUNS); left > 0; left--) {
    const first = reader.varint(2 ** 31);
    const length = reader.varint(2 ** 31);
    if (ordinals.size + length > maxChunks) {
      throw new BrecciaError(
        "http-malformed",
        `Cannot answer a request for more than ${maxChunks} chunks; ask for them in several requests`,
      );
    }
    const named = ordinals.size;
    for (let i = 0; i < length; i++) ordinals.add(first + i);
    if (ordinals.size < named + length) {
      reader.fail("a chunk is named again; ask for each once");
    }
  }
  reader.end();
  return { index, ordinals: [...ordinals] };
}
