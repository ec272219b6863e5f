import { encodeHex } from "../bytes/mod.ts";
import { type Chunk, type Chunking, chunkStream } from "../chunk/mod.ts";
import { BrecciaError } from "../errors.ts";
import { storeChunk } from "../index/mod.ts";
import { INDEX_LIMITS } from "../limits.ts";
import type { ChunkPlace, PackWriter } from "./pack_writer.ts";

/** Makes the stored form of a chunk; several calls may be under way at once. */
export type ChunkEncoder = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

/** Chunks that are stored already, by the SHA-256 of their content in hex. */
export type KnownChunks = ReadonlyMap<string, ChunkPlace>;

/** One chunk of the release, in stream order. */
export interface PlacedChunk {
  /** SHA-256 of its content, 32 bytes. */
  readonly hash: Uint8Array;
  readonly length: number;
  readonly place: ChunkPlace;
}

/** What became of a stream. */
export interface ChunkedTree {
  readonly chunks: readonly PlacedChunk[];
  /** Bytes of the stream that were stored by an earlier release or earlier in this one. */
  readonly reusedBytes: number;
}

/** Chunks being encoded at once: enough to keep every core of a build machine busy. */
const IN_FLIGHT = 32;

/**
 * Cuts a release stream and stores the chunks that are not known yet, in stream order whichever is
 * encoded first: the packs are a function of the stream and of what was known.
 *
 * @throws {BrecciaError} `tree-unsupported` when the stream has more chunks than an index may list.
 */
export async function chunkTree(
  stream: AsyncIterable<Uint8Array>,
  options: {
    readonly chunking: Chunking;
    readonly known: KnownChunks;
    readonly packs: PackWriter;
    readonly encode?: ChunkEncoder | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ChunkedTree> {
  const encode = options.encode ?? storeChunk;
  const places = new Map<string, Promise<ChunkPlace>>();
  const chunks: { hash: Uint8Array; length: number; place: Promise<ChunkPlace> }[] = [];
  let reusedBytes = 0;
  let appended: Promise<unknown> = Promise.resolve();
  const append = (chunk: Chunk): Promise<ChunkPlace> => {
    const stored = encode(chunk.bytes);
    const place = appended.then(async () => await options.packs.add(await stored));
    appended = place;
    // Whoever awaits `place` sees the failure; these two must not be reported as unhandled before.
    stored.catch(() => {});
    place.catch(() => {});
    return place;
  };
  for await (const chunk of chunkStream(stream, options.chunking)) {
    options.signal?.throwIfAborted();
    if (chunks.length === INDEX_LIMITS.chunks) throw tooManyChunks();
    const name = encodeHex(chunk.hash);
    const known = options.known.get(name);
    let place = known === undefined ? places.get(name) : Promise.resolve(known);
    if (place === undefined) {
      place = append(chunk);
      places.set(name, place);
    } else {
      reusedBytes += chunk.bytes.length;
    }
    chunks.push({ hash: chunk.hash, length: chunk.bytes.length, place });
    await chunks.at(-IN_FLIGHT)?.place;
  }
  const placed: PlacedChunk[] = [];
  for (const { hash, length, place } of chunks) placed.push({ hash, length, place: await place });
  await options.packs.close();
  return { chunks: placed, reusedBytes };
}

function tooManyChunks(): BrecciaError {
  return new BrecciaError(
    "tree-unsupported",
    `Cannot release the tree: its stream has more than ${INDEX_LIMITS.chunks} chunks; split it`,
  );
}
