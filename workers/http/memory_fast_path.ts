import type { Edge } from "../../src/mirror/mod.ts";
import { CACHE_POLICY, type CachePolicy, COMMON_HEADERS, metadataPolicy } from "./headers.ts";

/** Longest file that is answered from memory in one piece; longer ones are streamed. */
const HOT_BYTES = 256 * 1024;

/** Files whose headers are kept ready. */
const PREPARED_FILES = 4096;

/** What need not be made anew for each answer: making headers costs more than sending a 304. */
interface Prepared {
  readonly tag: string;
  /** Headers of the whole file. */
  readonly whole: Headers;
  /** A 304, of which each answer is a clone. */
  readonly notModified: Response;
}

/** An answer from memory, and what it sends. */
export interface HotAnswer {
  readonly response: Response;
  /** Bytes of its body. */
  readonly bytes: number;
  /** Kind of its route. */
  readonly route: "packs" | "deltas" | "metadata";
}

/**
 * Answers that need no disk, no router and no waiting: whole packs and deltas that are in memory, verified,
 * and 304s for them and for metadata. Everything else, ranges and conditions of other forms too, is left to the routes, and
 * both answer the same.
 */
export class MemoryFastPath {
  readonly #edge: Edge;
  readonly #baseLength: number;
  readonly #prepared = new Map<string, Prepared>();

  /** Answers from the memory of `edge` to requests below the path `base`. */
  constructor(edge: Edge, base: string) {
    this.#edge = edge;
    this.#baseLength = base.length;
  }

  /** The answer, or `undefined` when the routes must give it. */
  answer(request: Request): HotAnswer | undefined {
    if (request.method !== "GET") return undefined;
    const { url } = request;
    // A key needs no decoding: what is spelled otherwise is no key, and falls through.
    const key = url.slice(url.indexOf("/", url.indexOf("//") + 2) + this.#baseLength + 1);
    if (key.startsWith("metadata/")) return this.#metadata(request, key.slice("metadata/".length));
    const route = key.startsWith("packs/") ? "packs" : key.startsWith("deltas/") ? "deltas" : null;
    if (route === null) return undefined;
    const body = this.#edge.served?.contentInMemory(key);
    if (body === undefined || body.length > HOT_BYTES) return undefined;
    const { headers } = request;
    if (headers.has("range") || headers.has("if-match")) return undefined;
    const known = headers.get("if-none-match");
    const tag = key.slice(route.length + 1);
    const prepared = this.#prepare(key, tag, { policy: "immutable", length: body.length });
    if (known === null) {
      this.#edge.reads.memory++;
      const response = new Response(streamOf(body), { headers: prepared.whole });
      return { response, bytes: body.length, route };
    }
    if (known !== prepared.tag) return undefined;
    return { response: prepared.notModified.clone(), bytes: 0, route };
  }

  #metadata({ headers }: Request, name: string): HotAnswer | undefined {
    const known = headers.get("if-none-match");
    const file = known === null ? undefined : this.#edge.served?.metadataFile(name);
    if (file === undefined || known !== `"${file.etag}"`) return undefined;
    if (headers.has("if-match")) return undefined;
    const policy = metadataPolicy(name);
    const { notModified } = this.#prepare(`metadata/${name}`, file.etag, {
      policy,
      length: file.size,
      type: "application/json",
    });
    return { response: notModified.clone(), bytes: 0, route: "metadata" };
  }

  #prepare(
    key: string,
    name: string,
    { policy, length, type = "application/octet-stream" }: {
      readonly policy: CachePolicy;
      readonly length: number;
      readonly type?: string;
    },
  ): Prepared {
    const tag = `"${name}"`;
    const kept = this.#prepared.get(key);
    if (kept?.tag === tag) return kept;
    const headers = new Headers({
      ...COMMON_HEADERS,
      "accept-ranges": "bytes",
      "cache-control": CACHE_POLICY[policy],
      "content-type": type,
      "etag": tag,
    });
    const notModified = new Response(null, { status: 304, headers });
    headers.set("content-length", String(length));
    const prepared = { tag, whole: headers, notModified };
    if (this.#prepared.size >= PREPARED_FILES) this.#prepared.clear();
    this.#prepared.set(key, prepared);
    return prepared;
  }
}

/** A body of shared bytes. A response copies the bytes that it is given, but not those of a stream. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}
