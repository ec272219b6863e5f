/**
 * The edge on Cloudflare Workers: content in R2, immutable answers in the Cache API, one mirror pass for
 * each cron trigger. The build adds the zstd module, which workerd takes only as an import.
 *
 * @module
 */

import { R2Store } from "../../cache/stores/r2.ts";
import { plainJson } from "../../src/bytes/mod.ts";
import { loadCompiledZstd } from "../../src/codec/mod.ts";
import { Edge, Upstream } from "../../src/mirror/mod.ts";
import { type Clock, type Log, type ObjectStore, systemClock } from "../../src/ports/mod.ts";
import { cutUrlSecrets, followRedirects, HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import { createApp, type EdgeApp } from "../http/app.ts";
import { type CloudflareEnv, readBindings } from "./cloudflare_env.ts";
import { EdgeCache } from "../http/edge_cache.ts";
import { IsolateMemory } from "./isolate_memory.ts";
import { addressedBy, createSite } from "../status/site.ts";
import type { UpstreamConfig } from "./site_config.ts";

export type { CloudflareEnv } from "./cloudflare_env.ts";

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
  const openEdge = async (
    env: CloudflareEnv,
    { name, urls, root, onDemand, rules }: UpstreamConfig,
    store: ObjectStore,
  ): Promise<Edge> => {
    await loadCompiledZstd(zstd);
    const http = new HttpClient({
      fetch: followRedirects(
        (request) => env.UPSTREAM_SERVICE?.fetch(request) ?? fetch(request),
        "nowhere",
      ),
    });
    return await Edge.open({
      store,
      name,
      upstream: new Upstream(new MirrorSet(urls, http)),
      trustedRoot: new TextEncoder().encode(root),
      clock,
      log,
      onDemand,
      rules,
    });
  };
  /** What answers the request: only the edges that it is about are opened. */
  const openApp = async (env: CloudflareEnv, url: string): Promise<EdgeApp> => {
    const { prefixed, upstreams } = readBindings(env);
    const store = memory.before(new R2Store(env.BUCKET));
    const mounted = await Promise.all(
      addressedBy(url, upstreams).map(async (upstream) => {
        return { edge: await openEdge(env, upstream, store), prefix: upstream.prefix, log, clock };
      }),
    );
    return prefixed ? createSite(mounted, { clock }) : createApp(mounted[0]!);
  };
  return {
    async fetch(asked, env, context) {
      const cache = new EdgeCache((caches as CacheStorage & { readonly default: Cache }).default);
      const request = asItWasAsked(asked);
      const known = await cache.answer(request);
      if (known !== undefined) return known;
      const app = await openApp(env, request.url);
      const response = asItIsSent(await app.fetch(request));
      context.waitUntil(cache.keep(request, response));
      return response;
    },
    async scheduled(_event, env) {
      const failures: unknown[] = [];
      // One after the other, for memory; one that fails stops no other.
      for (const upstream of readBindings(env).upstreams) {
        const edge = await openEdge(env, upstream, new R2Store(env.BUCKET));
        await edge.refresh().catch((error) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** Cloudflare replaces `Accept-Encoding`, and tells elsewhere what the client said. */
function asItWasAsked(request: Request): Request {
  const { cf } = request as { readonly cf?: { readonly clientAcceptEncoding?: string } };
  if (cf?.clientAcceptEncoding === undefined) return request;
  const headers = new Headers(request.headers);
  headers.set("accept-encoding", cf.clientAcceptEncoding);
  return new Request(request, { headers });
}

/**
 * workerd tells the length of a streamed body only where the stream itself is bound to it, and compresses
 * what says that it is compressed unless it is told that it is.
 */
function asItIsSent(response: Response): Response {
  const length = response.headers.get("content-length");
  const { FixedLengthStream } = globalThis as unknown as {
    readonly FixedLengthStream?: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
  };
  if (response.body === null || length === null || FixedLengthStream === undefined) return response;
  const { status, headers } = response;
  const settings = { status, headers, encodeBody: "manual" };
  return new Response(response.body.pipeThrough(new FixedLengthStream(Number(length))), settings);
}

/** One JSON line for each record, where `wrangler tail` and Logpush find it. */
const log: Log = (level, event, fields) =>
  console.log(plainJson({ level, event, ...fields }, cutUrlSecrets));
