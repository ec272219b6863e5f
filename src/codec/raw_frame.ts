/** Longest raw block, in bytes (RFC 8878, section 3.1.1.2.4). */
const BLOCK_BYTES = 128 * 1024;

/** Magic number, descriptor and content size. */
const HEADER_BYTES = 9;
const BLOCK_HEADER_BYTES = 3;

/** Length of {@linkcode rawFrame} for so many bytes. */
export function rawFrameBytes(length: number): number {
  return HEADER_BYTES + BLOCK_HEADER_BYTES * blocksOf(length) + length;
}

/**
 * A zstd frame that holds `bytes` as they are, without compressing: for what is stored raw, in the midst of
 * frames. At most 2³² − 1 bytes; the window is as long as the content.
 */
export function rawFrame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(rawFrameBytes(bytes.length));
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  // A single segment, with a content size of four bytes.
  view.setUint8(4, 0xa0);
  view.setUint32(5, bytes.length, true);
  let at = HEADER_BYTES;
  const last = blocksOf(bytes.length) - 1;
  for (let block = 0; block <= last; block++) {
    const content = bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    const header = (content.length << 3) | Number(block === last);
    view.setUint8(at, header & 0xff);
    view.setUint16(at + 1, header >> 8, true);
    frame.set(content, at + BLOCK_HEADER_BYTES);
    at += BLOCK_HEADER_BYTES + content.length;
  }
  return frame;
}

/** Even of nothing there is a block: the last one. */
function blocksOf(length: number): number {
  return Math.max(1, Math.ceil(length / BLOCK_BYTES));
}
