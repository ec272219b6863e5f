import { encodeHex, equalBytes, sha256 } from "../bytes/mod.ts";
import {
  decodeDelta,
  DELTA_PREAMBLE_BYTES,
  describeDelta,
  encodeDelta,
  readHeadLength,
} from "../delta/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import { deltaKey, type DeltaRef, type ReleaseIndex } from "../index/mod.ts";
import { DELTA_LIMITS, INDEX_LIMITS } from "../limits.ts";
import type { ObjectStore } from "../ports/mod.ts";
import { loadIndex } from "./known_chunks.ts";
import { readReleaseStream } from "./release_stream.ts";
import type { LicensedRelease } from "./release_list.ts";

/** Two releases' streams, and what a delta between them must keep to. */
export interface DeltaJob {
  /** The stream that the delta starts from. */
  readonly oldBytes: Uint8Array<ArrayBuffer>;
  /** The stream that it makes. */
  readonly newBytes: Uint8Array<ArrayBuffer>;
  /** Where the new stream's chunks end: segments end at some of them. */
  readonly chunkEnds: Float64Array<ArrayBuffer>;
  /** Memory to stay within, in bytes, both streams included. */
  readonly memoryBytes: number;
  /** Make it as small as can be, for more time to decode. */
  readonly small: boolean;
}

/**
 * Encodes a delta and proves that it makes the new stream. It may run in a worker: the streams are not
 * used again by the caller.
 */
export type DeltaEncoder = (job: DeltaJob) => Promise<Uint8Array<ArrayBuffer>>;

/** How deltas are made. */
export interface DeltaOptions {
  /** From how many of the newest releases of the channel and platform. */
  readonly count: number;
  /** Memory that encoding may take, in bytes; a pair that needs more is left out. Default 4 GiB. */
  readonly memoryBytes?: number | undefined;
  /** Make deltas as small as can be, for three to six times the time to decode. Default false. */
  readonly small?: boolean | undefined;
  /** Default: encodes on this thread. */
  readonly encode?: DeltaEncoder | undefined;
  /** Told of each pair when it is done. */
  readonly onDelta?: ((outcome: DeltaOutcome) => void) | undefined;
}

/** What became of one pair. */
export interface DeltaOutcome {
  /** Version that the delta starts from. */
  readonly from: string;
  /** Length of the delta in bytes; `undefined` when none was made. */
  readonly bytes: number | undefined;
  /** What the chunks that the base lacks take: what the delta competes with. */
  readonly chunkBytes: number;
  /** Why the delta was dropped, or `undefined` when it is listed. */
  readonly dropped: string | undefined;
}

const DEFAULT_MEMORY_BYTES = 4 * 1024 ** 3;

/** A delta must save at least a tenth of what the missing chunks take. */
const WORTHWHILE = 0.9;

/** The most that one object of a store may hold. */
const OBJECT_BYTES = 64 * 1024 * 1024;

/**
 * Makes deltas to a release whose chunks are stored, from each of `bases`, and stores those that pay.
 *
 * @param bases Oldest first; the last `options.count` are used.
 * @throws {BrecciaError} `cancelled`, the codes of the store, `repository-malformed` and the content family
 * when an old release in the repository is damaged.
 */
export async function planDeltas(
  store: ObjectStore,
  index: ReleaseIndex,
  bases: readonly LicensedRelease[],
  options: DeltaOptions & { readonly signal?: AbortSignal | undefined },
): Promise<DeltaRef[]> {
  const deltas: DeltaRef[] = [];
  const count = Math.min(options.count, INDEX_LIMITS.deltas);
  for (const release of count > 0 ? bases.slice(-count).reverse() : []) {
    options.signal?.throwIfAborted();
    const base = await loadIndex(store, release);
    const { ref, outcome } = await makeDelta(store, base, index, options);
    if (ref !== undefined) deltas.push(ref);
    options.onDelta?.(outcome);
  }
  return deltas;
}

async function makeDelta(
  store: ObjectStore,
  base: ReleaseIndex,
  index: ReleaseIndex,
  options: DeltaOptions,
): Promise<{ ref?: DeltaRef; outcome: DeltaOutcome }> {
  const chunkBytes = missingChunkBytes(base, index);
  const outcome = (bytes: number | undefined, dropped?: string): DeltaOutcome => ({
    from: base.version,
    bytes,
    chunkBytes,
    dropped,
  });
  if (chunkBytes === 0) return { outcome: outcome(undefined, "no chunk is missing") };
  if (Math.max(base.streamBytes, index.streamBytes) > DELTA_LIMITS.sideBytes) {
    return { outcome: outcome(undefined, `a stream is over ${DELTA_LIMITS.sideBytes} bytes`) };
  }
  let delta: Uint8Array<ArrayBuffer>;
  try {
    delta = await (options.encode ?? encodeProven)({
      oldBytes: await readReleaseStream(store, base),
      newBytes: await readReleaseStream(store, index),
      chunkEnds: Float64Array.from(index.chunks, ({ offset, length }) => offset + length),
      memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
      small: options.small ?? false,
    });
  } catch (error) {
    // The one thing about a pair that can be wrong usage is the memory that it needs.
    if (!isBrecciaError(error, "usage")) throw error;
    return { outcome: outcome(undefined, error.message) };
  }
  if (delta.length > chunkBytes * WORTHWHILE) {
    return { outcome: outcome(delta.length, "it saves less than a tenth of the chunks") };
  }
  if (delta.length > OBJECT_BYTES) {
    return { outcome: outcome(delta.length, `it is over ${OBJECT_BYTES} bytes`) };
  }
  const ref = await describe(delta, base, index);
  await store.put(deltaKey(ref.sha256), delta);
  return { ref, outcome: outcome(delta.length) };
}

/** Stored bytes of the chunks that the base release lacks, each once. */
function missingChunkBytes(base: ReleaseIndex, index: ReleaseIndex): number {
  const there = new Set<string>();
  for (const { hash } of base.chunks) there.add(encodeHex(hash));
  let bytes = 0;
  for (const { hash, storedLength } of index.chunks) {
    const name = encodeHex(hash);
    if (!there.has(name)) bytes += storedLength;
    there.add(name);
  }
  return bytes;
}

/** See {@linkcode DeltaEncoder}: on this thread. */
export async function encodeProven(job: DeltaJob): Promise<Uint8Array<ArrayBuffer>> {
  const { oldBytes, newBytes, ...options } = job;
  const delta = await encodeDelta(oldBytes, newBytes, options);
  const made = await decodeDelta(delta, oldBytes);
  if (!equalBytes(made, newBytes)) {
    throw new BrecciaError(
      "internal",
      "The delta that was encoded does not make the release; report it, and publish with --deltas 0",
    );
  }
  return delta;
}

async function describe(
  delta: Uint8Array<ArrayBuffer>,
  base: ReleaseIndex,
  index: ReleaseIndex,
): Promise<DeltaRef> {
  const headBytes = readHeadLength(delta.subarray(0, DELTA_PREAMBLE_BYTES));
  const { segments } = (await describeDelta(delta)).head;
  let first = 0;
  return {
    baseSha256: base.streamSha256,
    baseVersion: base.version,
    sha256: await sha256(delta),
    bytes: delta.length,
    headBytes,
    segments: segments.map(({ end, storedStart, storedEnd }) => {
      const next = end === index.streamBytes ? index.chunks.count : index.chunks.ordinalAt(end);
      const chunks = next - first;
      first = next;
      return { chunks, bytes: storedEnd - storedStart };
    }),
  };
}
