/**
 * The edge on Cloudflare Workers: content in R2, immutable answers in the Cache API, one mirror pass for
 * each cron trigger. The build adds the zstd module, which workerd takes only as an import.
 *
 * @module
 */

import { type R2Bucket, R2Store } from "../cache/r2.ts";
import { loadCompiledZstd } from "../src/codec/mod.ts";
import { Edge, Upstream } from "../src/mirror/mod.ts";
import { type Clock, type Log, type ObjectStore, systemClock } from "../src/ports/mod.ts";
import {
  followWithinOrigin,
  HttpClient,
  MirrorSet,
  withoutUrlSecrets,
} from "../src/transport/mod.ts";
import { createApp } from "./app.ts";
import { EdgeCache } from "./edge_cache.ts";
import { IsolateMemory } from "./isolate_memory.ts";

/** The bindings of the Worker. */
export interface CloudflareEnv {
  readonly BUCKET: R2Bucket;
  /** URLs of the repository's mirrors, separated by spaces. */
  readonly UPSTREAM: string;
  /** The text of the publisher's root.json, where trust starts. */
  readonly TRUSTED_ROOT: string;
  /** For tests: fetches from the upstream in place of the network. */
  readonly UPSTREAM_SERVICE?: { fetch(request: Request): Promise<Response> };
}

/** What may go on after an answer. */
export interface CloudflareContext {
  waitUntil(promise: Promise<unknown>): void;
}

/** The handlers that Cloudflare calls. */
export interface CloudflareWorker {
  fetch(request: Request, env: CloudflareEnv, context: CloudflareContext): Promise<Response>;
  scheduled(event: unknown, env: CloudflareEnv): Promise<void>;
}

/** The Worker, with the zstd module that its entry imports. */
export function createWorker(
  zstd: WebAssembly.Module,
  clock: Clock = systemClock,
): CloudflareWorker {
  const memory = new IsolateMemory(clock);
  /** An edge for each request: workerd lets none wait for what another one began. */
  const openEdge = async (env: CloudflareEnv, store: ObjectStore): Promise<Edge> => {
    await loadCompiledZstd(zstd);
    const http = new HttpClient({
      fetch: followWithinOrigin((request) =>
        env.UPSTREAM_SERVICE?.fetch(request) ?? fetch(request)
      ),
    });
    return await Edge.open({
      store,
      upstream: new Upstream(new MirrorSet(env.UPSTREAM.split(/\s+/), http)),
      trustedRoot: new TextEncoder().encode(env.TRUSTED_ROOT),
      clock,
      log,
    });
  };
  return {
    async fetch(request, env, context) {
      const cache = new EdgeCache((caches as CacheStorage & { readonly default: Cache }).default);
      const known = await cache.answer(request);
      if (known !== undefined) return known;
      const edge = await openEdge(env, memory.before(new R2Store(env.BUCKET)));
      const app = createApp({ edge, log, clock });
      const response = withLength(await app.fetch(request));
      context.waitUntil(cache.keep(request, response));
      return response;
    },
    async scheduled(_event, env) {
      await (await openEdge(env, new R2Store(env.BUCKET))).refresh();
    },
  };
}

/** workerd tells the length of a streamed body only where the stream itself is bound to it. */
function withLength(response: Response): Response {
  const length = response.headers.get("content-length");
  const { FixedLengthStream } = globalThis as unknown as {
    readonly FixedLengthStream?: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
  };
  if (response.body === null || length === null || FixedLengthStream === undefined) return response;
  return new Response(response.body.pipeThrough(new FixedLengthStream(Number(length))), response);
}

/** One JSON line for each record, where `wrangler tail` and Logpush find it. */
const log: Log = (level, event, fields) =>
  console.log(withoutUrlSecrets(JSON.stringify({ level, event, ...fields })));
