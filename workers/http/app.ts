/**
 * The edge as a Hono app: routes only, no platform. Entries beside it bind it to Deno and others.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { plainJson, plainText } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import type { Edge, EdgeStatus, ServedFile, StoreSize } from "../../src/mirror/mod.ts";
import { type Clock, systemClock } from "../../src/ports/mod.ts";
import { AnswerSlots } from "./answer_slots.ts";
import { chunkResponse } from "./chunk_response.ts";
import type { DictionaryRules } from "./dictionary_rules.ts";
import { type FileOptions, fileResponse } from "./file_response.ts";
import { findTarget } from "./found_target.ts";
import { CACHE_POLICY, type CachePolicy, COMMON_HEADERS, metadataPolicy } from "./headers.ts";
import { MemoryFastPath } from "./memory_fast_path.ts";
import { addMadeDeltas } from "./generated_deltas.ts";
import { METRICS_TYPE, metricsText } from "../status/metrics.ts";
import { identify, type RequestIdentity } from "./request_identity.ts";
import { type Readiness, readyNow } from "./readiness.ts";
import { RequestReport, type RequestReportOptions } from "./request_report.ts";
import { pageResponse } from "../status/page_response.ts";
import { savingsOf } from "../status/savings.ts";
import { StatusPage } from "../status/status_page.tsx";
import { Traffic } from "../status/traffic.ts";
import { BrokenAnswer, watchedFile } from "./watched_file.ts";

export type { RequestReportOptions } from "./request_report.ts";
export { AnswerSlots } from "./answer_slots.ts";
export { DictionaryRules } from "./dictionary_rules.ts";
export {
  type Minute,
  type RouteTotals,
  type Times,
  Traffic,
  type TrafficCounts,
} from "../status/traffic.ts";

/** A web-standard request handler: what Deno, workerd and Node each bind to a socket. */
export interface EdgeApp {
  /** Answers one request. */
  fetch(request: Request): Response | Promise<Response>;
  /** Counts and tells of an answer that was given in its stead, and names it. */
  refused?(request: Request, response: Response): void;
}

/** What the app serves and where it reports to. */
export interface AppOptions extends RequestReportOptions {
  /** What is served. */
  readonly edge: Edge;
  /** Where its routes are: `"/"`, which is the default, or `"/NAME"`. No other path may be asked for. */
  readonly prefix?: string;
  /** Which targets are dictionaries of one another. Default: none. */
  readonly dictionaries?: DictionaryRules | undefined;
  /** Default: the runtime's. */
  readonly clock?: Clock;
  /** Where answers are counted. Default: counters of its own. */
  readonly traffic?: Traffic;
  /** Bounds the long answers that are under way at once. Default: as many as {@linkcode AnswerSlots} says. */
  readonly slots?: AnswerSlots | undefined;
  /** How the edge fares. Default: as `edge` says. */
  readonly status?: () => EdgeStatus;
  /** What the store holds, as it was measured last. Default: it is not told. */
  readonly storeSize?: () => StoreSize | null;
}

/** Methods that each kind of route answers. */
const READ = "GET, HEAD, OPTIONS";
const ASK = "POST, OPTIONS";

/** Paths that can only be read. */
const READ_PATHS = [
  ...["/metadata/*", "/targets/*", "/packs/*", "/deltas/*", "/hints/*"],
  ...["/", "/healthz", "/readyz", "/metrics", "/status.json"],
];

/** The longest URL that is looked at: of the longest path, 4 KiB, each byte percent-encoded, and some more. */
const URL_CHARACTERS = 16 * 1024;

/** The routes of docs/edge.md over an edge. */
export function createApp(
  {
    edge,
    prefix = "/",
    dictionaries,
    clock = systemClock,
    traffic = new Traffic(clock),
    status: statusNow = () => edge.status(),
    storeSize,
    slots = new AnswerSlots(),
    ...told
  }: AppOptions,
): EdgeApp {
  const base = prefix === "/" ? "" : prefix;
  const app = new Hono<Identified>({ getPath: ({ url }) => pathBelow(base, url) });
  const savings = () => savingsOf(edge, { traffic, size: storeSize?.() });
  traffic.watch(edge.reads);
  const report = new RequestReport(told);
  const targetRoute = { prefix: base, dictionaries };

  app.use(async (c, next) => {
    const started = performance.now();
    const identity = identify(c.req.raw);
    c.set("identity", identity);
    if (c.req.raw.url.length > URL_CHARACTERS) c.res = plain(c, 414);
    else await next();
    for (const [name, value] of Object.entries(COMMON_HEADERS)) c.res.headers.set(name, value);
    const { status, headers } = c.res;
    // An answer that a cache keeps is given to other requests too: it names none.
    if (headers.get("cache-control") === NEVER) headers.set("x-request-id", identity.id);
    const route = routeOf(c.req.path);
    const seconds = (performance.now() - started) / 1000;
    traffic.count(route, status, seconds);
    const length = headers.get("content-length");
    if (c.req.method !== "HEAD") traffic.sent(route, Number(length ?? 0));
    if (!report.isWanted) return;
    const bytes = c.res.body === null ? 0 : length === null ? undefined : Number(length);
    report.answered(route, { request: c.req.raw, identity, status, bytes, seconds });
  });
  app.onError((error, c) => {
    // A client learns that it failed, not how: paths and upstreams are the operator's business.
    report.failed("request failed", asked(c), error);
    const upstreamFailed = isBrecciaError(error) && !error.code.startsWith("storage-");
    return plain(c, upstreamFailed ? 502 : 503);
  });
  const send: SendFile = async (c, file, policy, options) => {
    if (file === undefined) return plain(c, 404);
    const watched = watchedFile(file, (error) => {
      // Until the head has left, the routes answer that it failed.
      if (!c.finalized) return error;
      report.failed("answer broke off", asked(c), error);
      return new BrokenAnswer();
    });
    return await fileResponse(c.req.raw, watched, policy, { ...options, slots });
  };
  app.notFound((c) => plain(c, 404));

  app.options("*", (c) => {
    const method = c.req.path === "/chunks" ? ASK : READ;
    return c.body(null, 204, {
      "access-control-allow-methods": method,
      "access-control-allow-headers": "if-match, if-none-match, if-range, range, content-type",
      "access-control-max-age": "86400",
    });
  });
  app.post(
    "/chunks",
    (c) => chunkResponse(c.req.raw, edge, (bytes) => traffic.sent("chunks", bytes), { slots }),
  );
  app.on(["GET", "HEAD"], "/metadata/:name", (c) => {
    // The segment as it stands in the URL: delegated roles keep their percent-encoding.
    const name = c.req.path.slice("/metadata/".length);
    return send(c, edge.served?.metadataFile(name), metadataPolicy(name), METADATA);
  });
  app.on(["GET", "HEAD"], "/targets/*", async (c) => {
    const path = c.req.path.slice("/targets/".length);
    const found = await findTarget(c.req.raw, path, edge.served, targetRoute);
    return await send(c, found?.file, found?.policy ?? "pointer", found?.options);
  });
  addMadeDeltas(app, edge, slots);
  app.on(
    ["GET", "HEAD"],
    ["/packs/:name", "/deltas/:name"],
    async (c) => await send(c, await edge.served?.content(c.req.path.slice(1)), "immutable"),
  );
  app.on(
    ["GET", "HEAD"],
    "/hints/:name",
    async (c) => await send(c, await edge.served?.hint(c.req.param("name")), "pointer"),
  );
  app.on(["GET", "HEAD"], "/healthz", () => pageResponse("ok\n", "text/plain; charset=utf-8"));
  app.on(["GET", "HEAD"], "/readyz", async () => readiness(await readyNow(edge, statusNow())));
  app.on(["GET", "HEAD"], "/status.json", () => jsonPage({ ...statusNow(), ...savings() }));
  app.on(
    ["GET", "HEAD"],
    "/metrics",
    () => pageResponse(metricsText(statusNow(), traffic, savings()), METRICS_TYPE),
  );
  app.on(["GET", "HEAD"], "/", async () => {
    const status = statusNow();
    // A page that can't compare releases still tells how the edge fares.
    const releases = await edge.served?.novelties().catch(() => []) ?? [];
    const page = StatusPage({
      status,
      savings: savings(),
      releases,
      routes: traffic.totals(),
      hour: traffic.lastHour(),
      now: clock.now(),
    });
    const policy = "default-src 'none'; style-src 'unsafe-inline'";
    return pageResponse(plainText(`<!doctype html>${await page}`), "text/html; charset=utf-8", {
      headers: { "content-security-policy": policy },
    });
  });

  app.all("/chunks", (c) => wrongMethod(c, ASK));
  for (const path of READ_PATHS) {
    app.all(path, (c) => c.req.method === "GET" ? c.notFound() : wrongMethod(c, READ));
  }

  const hot = new MemoryFastPath(edge, base);
  return {
    fetch(request) {
      const started = performance.now();
      const answer = hot.answer(request);
      if (answer === undefined) return app.fetch(request);
      const { response, bytes, route } = answer;
      const seconds = (performance.now() - started) / 1000;
      traffic.count(route, response.status, seconds);
      traffic.sent(route, bytes);
      if (report.isWanted) {
        const { status } = response;
        report.answered(route, { request, identity: identify(request), status, bytes, seconds });
      }
      return response;
    },
    refused(request, response) {
      const identity = identify(request);
      const { status } = response;
      response.headers.set("x-request-id", identity.id);
      const route = routeOf(pathBelow(base, request.url));
      traffic.count(route, status, 0);
      report.answered(route, { request, identity, status, bytes: 0, seconds: 0 });
    },
  };
}

const NEVER = CACHE_POLICY.never;
const METADATA: FileOptions = { contentType: "application/json" };

/** What the routes know of a request. */
interface Identified {
  readonly Variables: { identity: RequestIdentity };
}

function asked(c: Context<Identified>): { request: Request; identity: RequestIdentity } {
  return { request: c.req.raw, identity: c.get("identity") };
}

/** Answers with a file, or that there is none. */
type SendFile = (
  c: Context<Identified>,
  file: ServedFile | undefined,
  policy: CachePolicy,
  options?: FileOptions,
) => Promise<Response>;

/** Kinds of routes that are counted each by itself; the rest is one. */
const COUNTED = ["metadata", "targets", "packs", "deltas", "hints", "chunks"];

/** The path of a URL below `base`, as it is spelled there: escapes may be part of a name. */
function pathBelow(base: string, url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2) + base.length;
  const length = url.slice(start).search(/[?#]/);
  return url.slice(start, length < 0 ? url.length : start + length) || "/";
}

function routeOf(path: string): string {
  const first = path.split("/")[1] ?? "";
  return COUNTED.includes(first) ? first : "other";
}

function readiness({ ready, reasons }: Readiness): Response {
  return jsonPage({ ready, reasons }, ready ? 200 : 503);
}

function jsonPage(value: unknown, status = 200): Response {
  return pageResponse(plainJson(value), "application/json", { status });
}

function wrongMethod(c: Context, allowed: string): Response {
  return c.body(null, 405, { allow: allowed, "cache-control": NEVER });
}

function plain(c: Context, status: 404 | 414 | 502 | 503): Response {
  return c.body(null, status, { "cache-control": NEVER });
}
