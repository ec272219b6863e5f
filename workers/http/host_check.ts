import { CACHE_POLICY, COMMON_HEADERS } from "./headers.ts";

/** A name or address with a port (RFC 9110, section 7.2), spelled as software spells it. */
const AUTHORITY = /^(?:\[[\da-f:.]{2,45}\]|[\w.~-]{1,255})(?::(\d{0,5}))?$/i;

/** Of a request on the plain port that names no host, Deno says that it is for this one. */
const PLACEHOLDER = /^http:\/\/localhost(?:[:/]|$)/;

/**
 * Whether a request says for which host it is, as HTTP demands: a `Host` such as `x/targets/y?` could lead a
 * cache in front to another path than the edge. HTTP/2 has it in the URL alone.
 */
export function hasHost({ url, headers }: Request): boolean {
  const host = headers.get("host");
  if (host === null) return !PLACEHOLDER.test(url) && isAuthority(authorityOf(url));
  return isAuthority(host) && isAuthority(authorityOf(url));
}

/** What a request for no host is answered. */
export function noHostResponse(): Response {
  const headers = { ...COMMON_HEADERS, "cache-control": CACHE_POLICY.never };
  return new Response(null, { status: 400, headers });
}

function authorityOf(url: string): string {
  const start = url.indexOf("//") + 2;
  const end = url.indexOf("/", start);
  return url.slice(start, end < 0 ? url.length : end);
}

/** The one that was right last: most requests name the same. */
let right: string | undefined;

function isAuthority(text: string): boolean {
  if (text === right) return true;
  const match = AUTHORITY.exec(text);
  if (match === null || Number(match[1] ?? 0) > 65_535) return false;
  if (!URL.canParse(`http://${text}`)) return false;
  right = text;
  return true;
}
