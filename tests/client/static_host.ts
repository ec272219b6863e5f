import type { Fetch, ObjectSource } from "../../src/ports/mod.ts";

/** What a host does to an answer before it leaves. */
export type Lie = (
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  request: Request,
) => Response | Uint8Array<ArrayBuffer> | undefined | Promise<Response>;

/** Static hosting of what a store holds, with single ranges; `lie` may change every answer. */
export function staticHost(
  store: ObjectSource,
  lie: Lie = () => undefined,
): Fetch & { requests: string[] } {
  const requests: string[] = [];
  const host = async (request: Request): Promise<Response> => {
    const path = decodeURIComponent(new URL(request.url).pathname.slice(1));
    requests.push(path);
    const object = await store.get(path);
    if (object === undefined) return new Response(null, { status: 404 });
    const lied = await lie(path, object.bytes, request);
    if (lied instanceof Response) return lied;
    return ranged(lied ?? object.bytes, request.headers.get("range"));
  };
  return Object.assign(host, { requests });
}

function ranged(bytes: Uint8Array<ArrayBuffer>, range: string | null): Response {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  if (first === undefined) return new Response(bytes);
  const end = Math.min(Number(last), bytes.length - 1);
  return new Response(bytes.subarray(Number(first), end + 1), {
    status: 206,
    headers: { "content-range": `bytes ${first}-${end}/${bytes.length}` },
  });
}
