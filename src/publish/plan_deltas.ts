import { encodeHex, sha256 } from "../bytes/mod.ts";
import { describeDelta, encodeDelta } from "../delta/mod.ts";
import {
  deltaKey,
  type DeltaRef,
  type DeltaSegment,
  openStoredChunk,
  packKey,
  type PackRef,
  type ReleaseIndex,
} from "../index/mod.ts";
import { BrecciaError } from "../errors.ts";
import { DELTA_LIMITS } from "../limits.ts";
import type { ObjectStore } from "../ports/mod.ts";

/** A store takes no longer object, in bytes. */
const OBJECT_BYTES = 64 * 1024 * 1024;

/** A delta that saves less than a tenth of what chunks cost is not worth its place. */
const MOST_OF_CHUNKS = 0.9;

/**
 * Makes deltas that lead from each of `bases` to `index` and stores those that pay: a delta which is
 * hardly shorter than the chunks it replaces is dropped. Both streams are held in memory; one that is too
 * long for a delta gets none. The chunks of all must be stored already.
 *
 * @throws {BrecciaError} `chunk-missing` or the codes of `openStoredChunk` when a pack is not as it was
 * signed; those of the store; `cancelled`.
 */
export async function planDeltas(
  store: ObjectStore,
  index: ReleaseIndex,
  bases: readonly ReleaseIndex[],
  options: { readonly signal?: AbortSignal | undefined },
): Promise<readonly DeltaRef[]> {
  const fitting = [index, ...bases].filter(({ streamBytes }) =>
    streamBytes <= DELTA_LIMITS.sideBytes
  );
  if (fitting[0] !== index || fitting.length === 1) return [];
  const target = await readStream(store, index);
  const chunkEnds = Array.from(index.chunks, ({ offset, length }) => offset + length);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const refs: DeltaRef[] = [];
  for (const base of fitting.slice(1)) {
    const source = await readStream(store, base);
    const delta = await encodeDelta(source, target, { chunkEnds, ...signal });
    if (delta.length > Math.min(MOST_OF_CHUNKS * chunkBytes(base, index), OBJECT_BYTES)) continue;
    const ref = await describe(delta, base, chunkEnds);
    await store.put(deltaKey(ref.sha256), delta, signal);
    refs.push(ref);
  }
  return refs;
}

/** What a device with `base` fetches for `index` without a delta, in bytes. */
function chunkBytes(base: ReleaseIndex, index: ReleaseIndex): number {
  const had = new Set(Array.from(base.chunks, ({ hash }) => encodeHex(hash)));
  let bytes = 0;
  for (const { hash, storedLength } of index.chunks) {
    if (!had.has(encodeHex(hash))) bytes += storedLength;
  }
  return bytes;
}

async function describe(
  delta: Uint8Array,
  base: ReleaseIndex,
  chunkEnds: readonly number[],
): Promise<DeltaRef> {
  const { head } = await describeDelta(delta);
  let done = 0;
  const segments = head.segments.map(({ end, storedStart, storedEnd }): DeltaSegment => {
    const first = done;
    while (done < chunkEnds.length && (chunkEnds[done] as number) <= end) done++;
    return { chunks: done - first, bytes: storedEnd - storedStart };
  });
  return {
    baseSha256: base.streamSha256,
    baseVersion: base.version,
    sha256: await sha256(delta),
    bytes: delta.length,
    headBytes: head.segments[0]?.storedStart ?? delta.length,
    segments,
  };
}

/** The stream of a release, chunk by verified chunk. */
async function readStream(store: ObjectStore, index: ReleaseIndex): Promise<Uint8Array> {
  const stream = new Uint8Array(index.streamBytes);
  let open: { pack: PackRef; bytes: Uint8Array } | undefined;
  for (const chunk of index.chunks) {
    const pack = index.packs[chunk.pack] as PackRef;
    if (open?.pack !== pack) open = { pack, bytes: await readPack(store, pack) };
    const stored = open.bytes.subarray(chunk.packOffset, chunk.packOffset + chunk.storedLength);
    stream.set((await openStoredChunk(stored, chunk)).bytes, chunk.offset);
  }
  return stream;
}

async function readPack(store: ObjectStore, { sha256 }: PackRef): Promise<Uint8Array> {
  const object = await store.get(packKey(sha256));
  if (object === undefined) {
    throw new BrecciaError(
      "chunk-missing",
      `Cannot make a delta: ${packKey(sha256)} is missing; restore the repository from a backup`,
    );
  }
  return object.bytes;
}
