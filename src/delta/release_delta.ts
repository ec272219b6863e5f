import { encodeHex, equalBytes, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { DeltaRef, ReleaseIndex } from "../index/mod.ts";
import { decodeDelta } from "./decoder.ts";
import { describeDelta } from "./describe.ts";
import { encodeDelta } from "./encode.ts";
import { DELTA_PREAMBLE_BYTES, readHeadLength } from "./head.ts";

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
 * used again by the caller. The signal ends it; it then throws.
 */
export type DeltaEncoder = (
  job: DeltaJob,
  signal?: AbortSignal,
) => Promise<Uint8Array<ArrayBuffer>>;

/** A delta must save at least a tenth of what the missing chunks take. */
export const WORTHWHILE = 0.9;

/** See {@linkcode DeltaEncoder}: on this thread. */
export async function encodeProven(
  job: DeltaJob,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { oldBytes, newBytes, ...options } = job;
  const delta = await encodeDelta(oldBytes, newBytes, { ...options, ...(signal && { signal }) });
  const made = await decodeDelta(delta, oldBytes);
  if (!equalBytes(made, newBytes)) {
    throw new BrecciaError(
      "internal",
      "The delta that was encoded does not make the release; report it, and publish with --deltas 0",
    );
  }
  return delta;
}

/** Where the chunks of a release end in its stream: see {@linkcode DeltaJob}. */
export function chunkEndsOf({ chunks }: ReleaseIndex): Float64Array<ArrayBuffer> {
  return Float64Array.from(chunks, ({ offset, length }) => offset + length);
}

/** Stored bytes of the chunks that the base release lacks, each once: what a delta competes with. */
export function missingChunkBytes(base: ReleaseIndex, index: ReleaseIndex): number {
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

/** What an index says of a delta: its name, and which chunks each of its segments makes. */
export async function deltaRefOf(
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
