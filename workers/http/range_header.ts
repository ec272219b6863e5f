import type { ByteRange } from "../../src/ports/mod.ts";

/**
 * What a `Range` header asks of a file of `size` bytes (RFC 9110, section 14): one range, or
 * `"unsatisfiable"`; `undefined` for what is to be ignored: other units, several ranges, nonsense.
 */
export function parseRange(header: string, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/i.exec(header);
  if (match === null) return undefined;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    if (Number(suffix) === 0) return "unsatisfiable";
    const length = Math.min(Number(suffix), size);
    // Of nothing, the last bytes are nothing: no Content-Range can say so, but the whole can.
    return length === 0 ? undefined : { offset: size - length, length };
  }
  const offset = Number(first);
  const end = last ? Number(last) : Infinity;
  if (end < offset) return undefined;
  if (offset >= size) return "unsatisfiable";
  return { offset, length: Math.min(end, size - 1) - offset + 1 };
}
