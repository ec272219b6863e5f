import type { ByteSource } from "./byte_source.ts";

/** Longest gzip header that is understood: a name and a comment, not a file. */
const GZIP_HEADER_BYTES = 4096;

/** A gzip header's fixed part (RFC 1952, section 2.3), and a zip local header's (APPNOTE 4.3.7). */
const GZIP_FIXED_BYTES = 10;
const ZIP_FIXED_BYTES = 30;

const ZIP_LOCAL = 0x04034b50;
const ZIP_CENTRAL = 0x02014b50;

/** Possible lengths of a data descriptor: with its signature or without, in 32 bits or 64 (APPNOTE 4.3.9). */
const DESCRIPTOR_BYTES = [16, 12, 24, 20];

/** What a header says of the data behind it. */
export interface MemberHeader {
  /** Its length in bytes. */
  readonly bytes: number;
  /** Whether a deflate stream follows, or so many bytes to take as they are. */
  readonly data: "deflate" | number;
  /** Whether what follows the data says how long it is. */
  readonly descriptor: boolean;
}

/** The gzip header that comes next, not taken; `undefined` when there is none that is understood. */
export async function peekGzip(source: ByteSource): Promise<MemberHeader | undefined> {
  const head = await source.peek(GZIP_HEADER_BYTES);
  const flags = head[3] ?? 0;
  if (head.length < GZIP_FIXED_BYTES || head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8) {
    return undefined;
  }
  let bytes = GZIP_FIXED_BYTES;
  if (flags & 0x04) bytes += 2 + (head[bytes] ?? 0) + 256 * (head[bytes + 1] ?? 0);
  for (const flag of [0x08, 0x10]) {
    if (!(flags & flag)) continue;
    const end = head.indexOf(0, bytes);
    if (end === -1) return undefined;
    bytes = end + 1;
  }
  if (flags & 0x02) bytes += 2;
  return bytes < head.length ? { bytes, data: "deflate", descriptor: false } : undefined;
}

/** The zip local header that comes next, not taken; `undefined` for everything else. */
export async function peekZip(source: ByteSource): Promise<MemberHeader | undefined> {
  const head = await source.peek(ZIP_FIXED_BYTES);
  if (head.length < ZIP_FIXED_BYTES) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, true) !== ZIP_LOCAL) return undefined;
  const flags = view.getUint16(6, true);
  const method = view.getUint16(8, true);
  const stored = view.getUint32(18, true);
  const bytes = ZIP_FIXED_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  const descriptor = (flags & 0x08) !== 0;
  // Encrypted members look random; one of unknown length without a stream of its own has no end.
  if (flags & 0x01 || (method !== 8 && (descriptor || stored === 0xffffffff))) return undefined;
  return { bytes, data: method === 8 ? "deflate" : stored, descriptor };
}

/** Length of the data descriptor that comes next, told by what follows it; 0 when there is none. */
export async function peekDescriptor(source: ByteSource): Promise<number> {
  const head = await source.peek(Math.max(...DESCRIPTOR_BYTES) + 4);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return DESCRIPTOR_BYTES.find((bytes) => {
    if (bytes + 4 > head.length) return false;
    const next = view.getUint32(bytes, true);
    return next === ZIP_LOCAL || next === ZIP_CENTRAL;
  }) ?? 0;
}
