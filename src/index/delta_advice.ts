import {
  ByteReader,
  ByteWriter,
  concatBytes,
  equalBytes,
  sha256,
  SHA256_BYTES,
} from "../bytes/mod.ts";
import { DELTA_LIMITS, INDEX_LIMITS } from "../limits.ts";
import type { DeltaRef, DeltaSegment } from "./release_index.ts";

/** Media type of delta advice (docs/formats/delta-advice.md). */
export const DELTA_ADVICE_TYPE = "application/vnd.breccia.delta-advice";

/** Longest advice: a segment takes two to eight bytes. */
export const DELTA_ADVICE_BYTES = 64 * 1024;

/** "BRDADVC" and the format's number. */
const MAGIC = Uint8Array.of(0x42, 0x52, 0x44, 0x41, 0x44, 0x56, 0x43, 1);

/** A delta between two releases that an edge made: nobody signed it. */
export interface DeltaAdvice extends Omit<DeltaRef, "baseVersion"> {
  /** SHA-256 of the release index that the delta leads to, 32 bytes. */
  readonly index: Uint8Array;
  /** Stored bytes of the chunks that the base lacks: what the delta stands for. */
  readonly replaces: number;
}

/** Where an edge tells of a delta from one stream to the release of an index, both by SHA-256 in hex. */
export function adviceKey(base: string, index: string): string {
  return `deltas/${base}/${index}`;
}

/** The bytes of delta advice. */
export async function encodeDeltaAdvice(advice: DeltaAdvice): Promise<Uint8Array<ArrayBuffer>> {
  const out = new ByteWriter();
  out.bytes(MAGIC);
  out.bytes(advice.baseSha256);
  out.bytes(advice.index);
  out.bytes(advice.sha256);
  out.varint(advice.replaces);
  out.varint(advice.headBytes);
  out.varint(advice.segments.length);
  for (const { chunks, bytes } of advice.segments) {
    out.varint(chunks);
    out.varint(bytes);
  }
  const body = out.finish();
  return concatBytes([body, await sha256(body)]);
}

/**
 * Reads delta advice and checks that it is consistent in itself.
 *
 * @throws {BrecciaError} `hint-malformed`.
 */
export async function decodeDeltaAdvice(bytes: Uint8Array): Promise<DeltaAdvice> {
  const reader = new ByteReader(bytes, "delta advice", "hint-malformed");
  if (bytes.length > DELTA_ADVICE_BYTES) reader.fail(`it has ${bytes.length} bytes`);
  if (!equalBytes(reader.bytes(MAGIC.length), MAGIC)) {
    reader.fail("it does not begin as delta advice of format 1 does");
  }
  const baseSha256 = reader.bytes(SHA256_BYTES);
  const index = reader.bytes(SHA256_BYTES);
  const name = reader.bytes(SHA256_BYTES);
  const replaces = reader.varint(INDEX_LIMITS.streamBytes);
  const headBytes = reader.varint(DELTA_LIMITS.headBytes);
  const count = reader.varint(Math.min(DELTA_LIMITS.segments, reader.remaining >> 1));
  const segments: DeltaSegment[] = [];
  let length = headBytes;
  for (let number = 0; number < count; number++) {
    const segment = { chunks: reader.varint(2 ** 31), bytes: reader.varint(2 ** 31) };
    segments.push(segment);
    length += segment.bytes;
  }
  const digest = await sha256(bytes.subarray(0, reader.offset));
  if (!equalBytes(reader.bytes(SHA256_BYTES), digest)) reader.fail("its digest differs");
  reader.end();
  if (length > DELTA_LIMITS.sideBytes) reader.fail(`it claims a delta of ${length} bytes`);
  return { baseSha256, index, sha256: name, replaces, bytes: length, headBytes, segments };
}
