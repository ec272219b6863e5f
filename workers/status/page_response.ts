import { CACHE_POLICY } from "../http/headers.ts";

/** An answer about this moment, with its length, so that HEAD can tell it. */
export function pageResponse(
  text: string,
  contentType: string,
  { status = 200, headers = {} }: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Response {
  const body = new TextEncoder().encode(text);
  return new Response(body, {
    status,
    headers: {
      ...headers,
      "cache-control": CACHE_POLICY.never,
      "content-length": String(body.length),
      "content-type": contentType,
    },
  });
}
