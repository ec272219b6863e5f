import type { Fetch, ObjectSource } from "../../src/ports/mod.ts";

/** What hosts in the field make of a range. */
export const ODD_ANSWERS = [
  "whole packs as 200",
  "416",
  "501",
  "a 206 of the whole",
  "a 206 of less",
  "a 206 without Content-Range",
  "a 206 of unknown total",
  "a slice as 200",
  "bytes of another place",
] as const;

/** One of them. */
export type OddAnswer = typeof ODD_ANSWERS[number];

/** A static host of what a store holds that answers ranges oddly, those of `packs/` alone if asked so. */
export function oddHost(
  store: ObjectSource,
  odd: OddAnswer,
  { onlyPacks = false }: { readonly onlyPacks?: boolean } = {},
): Fetch & { readonly requests: string[] } {
  const requests: string[] = [];
  const host = async (request: Request): Promise<Response> => {
    const path = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const asked = request.headers.get("range");
    requests.push(asked === null ? path : `${path} ${asked}`);
    const object = await store.get(path);
    if (object === undefined) return new Response(null, { status: 404 });
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(asked ?? "") ?? [];
    if (first === undefined) return new Response(object.bytes);
    const range: Range = [Number(first), Math.min(Number(last), object.bytes.length - 1)];
    const honest = onlyPacks && !path.startsWith("packs/");
    return honest ? partial(object.bytes, range) : oddly(odd, object.bytes, range);
  };
  return Object.assign(host, { requests });
}

type Range = readonly [first: number, last: number];

function partial(bytes: Uint8Array<ArrayBuffer>, [first, last]: Range, said?: string): Response {
  const range = said ?? `bytes ${first}-${last}/${bytes.length}`;
  const headers = { "content-range": range };
  return new Response(bytes.subarray(first, last + 1), { status: 206, headers });
}

function oddly(odd: OddAnswer, bytes: Uint8Array<ArrayBuffer>, [first, last]: Range): Response {
  switch (odd) {
    case "whole packs as 200":
      return new Response(bytes);
    case "416":
    case "501":
      return new Response(null, { status: Number(odd) });
    case "a 206 of the whole":
      return partial(bytes, [0, bytes.length - 1]);
    case "a 206 of less":
      return partial(bytes, [first, Math.min(last, first + 65_535)]);
    case "a 206 without Content-Range":
      return new Response(bytes.subarray(first, last + 1), { status: 206 });
    case "a 206 of unknown total":
      return partial(bytes, [first, last], `bytes ${first}-${last}/*`);
    case "a slice as 200":
      return new Response(bytes.subarray(first, last + 1));
    case "bytes of another place":
      return partial(bytes, [first + 1, last + 1], `bytes ${first}-${last}/${bytes.length}`);
  }
}
