import { AcceptedCodings } from "./content_coding.ts";
import { checkPreconditions } from "./preconditions.ts";

/** Conditions and ranges change the answer: a cache is asked for the whole file, without them. */
const CONDITIONS = ["if-match", "if-none-match", "if-range", "range"];

/**
 * Whole immutable answers in Cloudflare's Cache API. It compares conditions and cuts ranges in ways of its
 * own: here it is only asked for whole answers, and what was asked is judged by the rules of the edge.
 */
export class EdgeCache {
  readonly #cache: Cache;

  /** Keeps answers in `cache`. */
  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** The answer to `request`, or `undefined` when the edge must give it. */
  async answer(request: Request): Promise<Response | undefined> {
    if (request.method !== "GET" || request.headers.has("range")) return undefined;
    const kept = await this.#cache.match(request.url);
    if (kept === undefined) return undefined;
    if (kept.headers.has("vary") && !wantsAsItIs(request)) return undefined;
    const etag = kept.headers.get("etag")?.slice(1, -1) ?? "";
    const condition = checkPreconditions(request.headers, etag);
    if (condition === undefined) return kept;
    await kept.body?.cancel();
    return undefined;
  }

  /** Keeps a copy of `response` where it is the whole file and never changes. */
  async keep(request: Request, response: Response): Promise<void> {
    const immutable = response.headers.get("cache-control")?.includes("immutable");
    if (request.method !== "GET" || response.status !== 200 || !immutable) return;
    if (CONDITIONS.some((name) => request.headers.has(name))) return;
    if (response.headers.has("content-encoding")) return;
    await this.#cache.put(request.url, response.clone());
  }
}

/** Files that have other forms, too, are kept as they are. */
function wantsAsItIs({ headers }: Request): boolean {
  const codings = new AcceptedCodings(headers.get("accept-encoding"));
  return codings.accepts("identity") && !codings.prefers("zstd");
}
