import type { Edge } from "../src/mirror/mod.ts";
import { CACHE_POLICY, COMMON_HEADERS, metadataPolicy } from "./headers.ts";

/** Longest file that is answered from memory in one piece; longer ones are streamed. */
const HOT_BYTES = 256 * 1024;

/** Files whose headers are kept ready. */
const PREPARED_FILES = 4096;

type HeaderList = [name: string, value: string][];

interface Prepared {
  readonly tag: string;
  readonly whole: HeaderList;
  readonly notModified: HeaderList;
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
export class HotAnswers {
  readonly #edge: Edge;
  readonly #prepared = new Map<string, Prepared>();

  /** Answers from the memory of `edge`. */
  constructor(edge: Edge) {
    this.#edge = edge;
  }

  /** The answer, or `undefined` when the routes must give it. */
  answer(request: Request): HotAnswer | undefined {
    if (request.method !== "GET") return undefined;
    const { url } = request;
    // A key needs no decoding: what is spelled otherwise is no key, and falls through.
    const key = url.slice(url.indexOf("/", url.indexOf("//") + 2) + 1);
    if (key.startsWith("metadata/")) return this.#metadata(request, key.slice("metadata/".length));
    const route = key.startsWith("packs/") ? "packs" : key.startsWith("deltas/") ? "deltas" : null;
    if (route === null) return undefined;
    const body = this.#edge.served?.contentInMemory(key);
    if (body === undefined || body.length > HOT_BYTES) return undefined;
    const { headers } = request;
    if (headers.has("range")) return undefined;
    const known = headers.get("if-none-match");
    const prepared = this.#prepare(key, body.length);
    if (known === null) {
      const response = new Response(streamOf(body), { headers: prepared.whole });
      return { response, bytes: body.length, route };
    }
    if (known !== prepared.tag) return undefined;
    const response = new Response(null, { status: 304, headers: prepared.notModified });
    return { response, bytes: 0, route };
  }

  #metadata({ headers }: Request, name: string): HotAnswer | undefined {
    const known = headers.get("if-none-match");
    const file = known === null ? undefined : this.#edge.served?.metadataFile(name);
    if (file === undefined || known !== `"${file.etag}"`) return undefined;
    const policy = metadataPolicy(name);
    const list = headerList(known, CACHE_POLICY[policy], "application/json");
    const response = new Response(null, { status: 304, headers: list });
    return { response, bytes: 0, route: "metadata" };
  }

  #prepare(key: string, length: number): Prepared {
    let prepared = this.#prepared.get(key);
    if (prepared === undefined) {
      const tag = `"${key.slice(key.indexOf("/") + 1)}"`;
      const notModified = headerList(tag, CACHE_POLICY.immutable, "application/octet-stream");
      const whole: HeaderList = [...notModified, ["content-length", String(length)]];
      prepared = { tag, whole, notModified };
      if (this.#prepared.size >= PREPARED_FILES) this.#prepared.clear();
      this.#prepared.set(key, prepared);
    }
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

const COMMON = Object.entries(COMMON_HEADERS);

function headerList(tag: string, caching: string, contentType: string): HeaderList {
  return [
    ...COMMON,
    ["accept-ranges", "bytes"],
    ["cache-control", caching],
    ["content-type", contentType],
    ["etag", tag],
  ];
}
