import { sha256 } from "../bytes/mod.ts";
import { checkChunking, type Chunking } from "./chunking.ts";
import { findCut } from "./gear.ts";

/** A piece of a stream, named by its content. */
export interface Chunk {
  /** Where it begins in the stream, in bytes. */
  readonly offset: number;
  /** Its content; the consumer owns it. */
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

/** Cuts without hashing. Each piece is a copy: the window is reused. */
async function* cutStream(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  chunking: Chunking,
): AsyncGenerator<{ offset: number; bytes: Uint8Array<ArrayBuffer> }> {
  const window = new Uint8Array(Math.max(4 * chunking.maximum, 1024 * 1024));
  let offset = 0;
  let start = 0;
  let end = 0;
  const cutNext = (): { offset: number; bytes: Uint8Array<ArrayBuffer> } => {
    const cut = findCut(window, start, end, chunking);
    const piece = { offset, bytes: window.slice(start, cut) };
    offset += cut - start;
    start = cut;
    return piece;
  };
  for await (const part of stream) {
    for (let taken = 0; taken < part.length;) {
      if (end === window.length) {
        window.copyWithin(0, start, end);
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
