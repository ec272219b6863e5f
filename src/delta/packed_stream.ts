import { type ByteReader, type ByteWriter, concatBytes } from "../bytes/mod.ts";
import type { Zstd } from "../codec/mod.ts";
import { isBrecciaError } from "../errors.ts";

/** The magic number of a zstd frame, which every packed stream leaves out. */
const ZSTD_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
/** No zstd frame is worth its header below this length. */
const SMALLEST_FRAME = 24;
/** Above this length a cheap trial decides whether the slow levels are worth their time. */
const TRIAL_BYTES = 256 * 1024;

/**
 * Writes one stream: its length, then nothing, its bytes, or a zstd frame, whichever is shorter
 * (docs/formats/delta.md, "Streams"). Returns how many bytes it took.
 */
export function writeStream(to: ByteWriter, zstd: Zstd, bytes: Uint8Array, level: number): number {
  const start = to.length;
  to.varint(bytes.length);
  if (bytes.length === 0) return to.length - start;
  const frame = compressed(zstd, bytes, level);
  if (frame === undefined) {
    to.varint(0);
    to.bytes(bytes);
  } else {
    to.varint(frame.length);
    to.bytes(frame);
  }
  return to.length - start;
}

function compressed(zstd: Zstd, bytes: Uint8Array, level: number): Uint8Array | undefined {
  if (bytes.length < SMALLEST_FRAME) return undefined;
  if (bytes.length > TRIAL_BYTES && packedLength(zstd, bytes, 1) > bytes.length * 0.99) {
    return undefined;
  }
  const frame = zstd.compress(bytes, level).subarray(ZSTD_MAGIC.length);
  return frame.length < bytes.length ? frame : undefined;
}

/** How long the zstd frame of `bytes` would be, which is not kept. */
export function packedLength(zstd: Zstd, bytes: Uint8Array, level: number): number {
  const frame = zstd.compress(bytes, level);
  const { length } = frame;
  frame.buffer.transfer(0);
  return length;
}

/**
 * Reads one stream of at most `max` bytes; its length is compared before anything is decoded.
 *
 * @throws {BrecciaError} the reader's error.
 */
export function readStream(from: ByteReader, zstd: Zstd, max: number): Uint8Array {
  const length = from.varint(max);
  if (length === 0) return new Uint8Array(0);
  const packed = from.varint(from.remaining);
  if (packed === 0) return from.bytes(length);
  const frame = concatBytes([ZSTD_MAGIC, from.bytes(packed)]);
  try {
    return zstd.decompress(frame, length);
  } catch (cause) {
    if (!isBrecciaError(cause)) throw cause;
    return from.fail("a compressed stream is broken", cause);
  }
}

/** Skips one stream without decoding it; returns how many bytes it takes. */
export function skipStream(from: ByteReader): number {
  const start = from.offset;
  const length = from.varint();
  if (length > 0) {
    const packed = from.varint();
    from.bytes(packed === 0 ? length : packed);
  }
  return from.offset - start;
}
