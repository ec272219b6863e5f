import {
  chunkEndsOf,
  type DeltaEncoder,
  deltaRefOf,
  encodeProven,
  missingChunkBytes,
  WORTHWHILE,
} from "../delta/mod.ts";
import { isBrecciaError } from "../errors.ts";
import { deltaKey, type DeltaRef, type ReleaseIndex } from "../index/mod.ts";
import { DELTA_LIMITS, INDEX_LIMITS } from "../limits.ts";
import type { ObjectStore } from "../ports/mod.ts";
import { loadIndex } from "./known_chunks.ts";
import { readReleaseStream } from "./release_stream.ts";
import type { LicensedRelease } from "./release_list.ts";

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
      chunkEnds: chunkEndsOf(index),
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
  const ref = await deltaRefOf(delta, base, index);
  await store.put(deltaKey(ref.sha256), delta);
  return { ref, outcome: outcome(delta.length) };
}
