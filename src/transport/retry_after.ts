/** Longest wait that a server is granted, in milliseconds: one that lies must not stop refreshes for days. */
const LONGEST = 60 * 60_000;

/**
 * How long a server that answered 429 or 503 asks its clients to wait (RFC 9110, 10.2.3), in
 * milliseconds, at most an hour; 0 when it does not ask. A date is read against the server's own clock.
 */
export function retryAfter(status: number, headers: Headers): number {
  if (status !== 429 && status !== 503) return 0;
  const text = headers.get("retry-after")?.trim() ?? "";
  const wait = /^\d{1,10}$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - Date.parse(headers.get("date") ?? "");
  return wait > 0 ? Math.min(wait, LONGEST) : 0;
}
