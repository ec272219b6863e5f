import type { ByteRange } from "../src/ports/mod.ts";

/**
 * What a `Range` header asks of a file of `size` bytes (RFC 9110, section 14): one range, or
 * `"unsatisfiable"`; `undefined` for what is to be ignored: other units, several ranges, nonsense.
 */
export function parseRange(header: string, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/i.exec(header.replaceAll(" ", ""));
  if (match === null) return undefined;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(first);
  const end = last ? Number(last) : size - 1;
  if (last && end < offset) return undefined;
  if (offset >= size) return "unsatisfiable";
  return { offset, length: Math.min(end, size - 1) - offset + 1 };
}

/** True when `etag` is among those that an `If-None-Match` header lists; weak ones compare alike. */
export function matchesTag(header: string, etag: string): boolean {
  return header.split(",").some((tag) => {
    const trimmed = tag.trim();
    return trimmed === "*" || trimmed.replace(/^W\//, "") === `"${etag}"`;
  });
}
