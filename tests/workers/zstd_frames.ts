import { zstdDecompressSync } from "node:zlib";
import { concatBytes } from "../../src/bytes/mod.ts";

/** What a stream of zstd frames holds, frame by frame: node:zlib stops after the first, and says nothing. */
export function decodeFrames(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const contents: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + frameLength(bytes.subarray(at));
    contents.push(zstdDecompressSync(bytes.subarray(at, end)));
    at = end;
  }
  return concatBytes(contents);
}

/** Length of the frame that `bytes` begin with (RFC 8878, section 3.1.1). */
function frameLength(bytes: Uint8Array): number {
  const descriptor = bytes[4] as number;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 1 << sizeFlag;
  let at = 5 + Number(!isSingle) + ([0, 1, 2, 4][descriptor & 3] as number) + sizeBytes;
  for (let isLast = false; !isLast;) {
    const header = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16;
    const isRepeated = ((header >> 1) & 3) === 1;
    at += 3 + (isRepeated ? 1 : header >> 3);
    isLast = (header & 1) === 1;
  }
  return at + (descriptor & 4 ? 4 : 0);
}
