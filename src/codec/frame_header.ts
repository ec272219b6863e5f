import { BrecciaError } from "../errors.ts";

const MAGIC = 0xfd2fb528;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

/** What a zstd frame says of itself before any of it is decoded (RFC 8878, section 3.1.1.1). */
export interface ZstdFrameHeader {
  /** Length in bytes of what the frame decodes to. */
  readonly contentBytes: number;
  /** Memory in bytes that a decoder must keep as its window. */
  readonly windowBytes: number;
  /** True when the frame asks for a trained dictionary; we write none and accept none. */
  readonly usesDictionary: boolean;
  /** Length of the header itself, magic number included. */
  readonly headerBytes: number;
}

/**
 * Reads the header of a zstd frame without decoding.
 *
 * @throws {BrecciaError} `frame-malformed` when it is not a zstd frame or does not say its content
 * size: without one, nothing bounds what decoding would allocate.
 */
export function readFrameHeader(frame: Uint8Array): ZstdFrameHeader {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 6 || view.getUint32(0, true) !== MAGIC) {
    throw malformed("it does not begin with the zstd magic number");
  }
  const descriptor = view.getUint8(4);
  if (descriptor & 0x08) throw malformed("a reserved bit of its header is set");
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const contentSizeFlag = descriptor >> 6;
  const contentSizeBytes = contentSizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << contentSizeFlag;
  if (contentSizeBytes === 0) throw malformed("it does not say its content size");

  let at = 5;
  const needed = at + (singleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes;
  if (frame.length < needed) throw malformed("its header is cut short");
  let windowBytes = 0;
  if (!singleSegment) {
    const window = view.getUint8(at++);
    const base = 2 ** (10 + (window >> 3));
    windowBytes = base + (base / 8) * (window & 7);
  }
  at += dictionaryIdBytes;
  const contentBytes = readContentSize(view, at, contentSizeBytes);
  return {
    contentBytes,
    windowBytes: singleSegment ? contentBytes : windowBytes,
    usesDictionary: dictionaryIdBytes > 0,
    headerBytes: needed,
  };
}

/**
 * Length in bytes of the zstd frame at the start of `bytes`, told from the headers of its blocks (RFC 8878,
 * section 3.1.1.2) without decoding it.
 *
 * @throws {BrecciaError} `frame-malformed` when it is cut short.
 */
export function frameBytes(bytes: Uint8Array): number {
  let at = readFrameHeader(bytes).headerBytes;
  const checksum = (bytes[4]! & 0x04) !== 0;
  for (let last = false; !last;) {
    if (at + BLOCK_HEADER_BYTES > bytes.length) throw malformed("a block of it is cut short");
    const block = bytes[at]! + 256 * bytes[at + 1]! + 65_536 * bytes[at + 2]!;
    last = (block & 1) === 1;
    const repeated = ((block >> 1) & 3) === 1;
    at += BLOCK_HEADER_BYTES + (repeated ? 1 : block >> 3);
  }
  const end = at + (checksum ? CHECKSUM_BYTES : 0);
  if (end > bytes.length) throw malformed("a block of it is cut short");
  return end;
}

function readContentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}

function malformed(why: string): BrecciaError {
  return new BrecciaError(
    "frame-malformed",
    `Cannot decode a zstd frame: ${why}; fetch it again or from another source`,
  );
}
