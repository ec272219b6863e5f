import { sha256 } from "../bytes/mod.ts";
import { checkChunking, type Chunking } from "./chunking.ts";
import { findCut } from "./gear.ts";

/** A piece of a stream, named by its content. */
export interface Chunk {
  /** Where it begins in the stream, in bytes. */
  readonly offset: number;
  /** Its content, a view of a window of the stream that nothing else uses. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of its content, 32 bytes. */
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** Bytes cut before the cutter waits for hashes: memory stays within a small multiple of it. */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024;

/**
 * Cuts a stream into chunks and hashes them, in order. Hashing runs on the runtime's threads while the
 * cutter goes on, so throughput is that of the slower of the two; memory is bounded whatever the
 * stream's length.
 *
 * @example
 * ```ts
 * import { DEFAULT_CHUNKING } from "./chunking.ts";
 *
 * let chunks = 0;
 * for await (const _chunk of chunkStream([new Uint8Array(300_000)], DEFAULT_CHUNKING)) chunks++;
 * if (chunks !== 2) throw new Error("zeros are cut at the maximum length");
 * ```
 *
 * @throws {BrecciaError} `usage` when `chunking` can't be honoured.
 */
export async function* chunkStream(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  chunking: Chunking,
): AsyncGenerator<Chunk, void, undefined> {
  checkChunking(chunking);
  const queue: { chunk: Promise<Chunk>; length: number }[] = [];
  let queuedBytes = 0;
  for await (const { offset, bytes } of cutStream(stream, chunking)) {
    queue.push({ chunk: hashed(offset, bytes), length: bytes.length });
    queuedBytes += bytes.length;
    while (queuedBytes > IN_FLIGHT_BYTES) {
      const first = queue.shift() as (typeof queue)[number];
      queuedBytes -= first.length;
      yield await first.chunk;
    }
  }
  for (const { chunk } of queue) yield await chunk;
}

async function hashed(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<Chunk> {
  return { offset, bytes, hash: await sha256(bytes) };
}

/**
 * Cuts without hashing. Pieces are views of windows that are never used again, so that a stream is copied
 * once; what a window holds after its last cut moves to the next one.
 */
async function* cutStream(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  chunking: Chunking,
): AsyncGenerator<{ offset: number; bytes: Uint8Array<ArrayBuffer> }> {
  const windowBytes = Math.max(4 * chunking.maximum, 1024 * 1024);
  let window = new Uint8Array(windowBytes);
  let offset = 0;
  let start = 0;
  let end = 0;
  const cutNext = (): { offset: number; bytes: Uint8Array<ArrayBuffer> } => {
    const cut = findCut(window, start, end, chunking);
    const piece = { offset, bytes: window.subarray(start, cut) };
    offset += cut - start;
    start = cut;
    return piece;
  };
  for await (const part of stream) {
    for (let taken = 0; taken < part.length;) {
      if (end === window.length) {
        const next = new Uint8Array(windowBytes);
        next.set(window.subarray(start, end));
        window = next;
        end -= start;
        start = 0;
      }
      const count = Math.min(part.length - taken, window.length - end);
      window.set(part.subarray(taken, taken + count), end);
      taken += count;
      end += count;
      while (end - start >= chunking.maximum) yield cutNext();
    }
  }
  while (start < end) yield cutNext();
}
