/**
 * Several upstreams in one process, each an edge of its own under a prefix: what one does is no other's
 * business. Routes of the process tell how all of them fare.
 *
 * @module
 */

import { plainJson, plainText } from "../../src/bytes/mod.ts";
import type { EdgeStatus, StoreSize } from "../../src/mirror/mod.ts";
import { type Clock, silentLog, systemClock } from "../../src/ports/mod.ts";
import { type AppOptions, createApp, type EdgeApp } from "../http/app.ts";
import { CACHE_POLICY, COMMON_HEADERS } from "../http/headers.ts";
import { joinMetrics } from "./joined_metrics.ts";
import { METRICS_TYPE, metricsText, storeMetrics } from "./metrics.ts";
import { pageResponse } from "./page_response.ts";
import { identify } from "../http/request_identity.ts";
import { readyNow } from "../http/readiness.ts";
import { RequestReport, type RequestReportOptions } from "../http/request_report.ts";
import { savingsOf, sumSavings } from "./savings.ts";
import { SitePage } from "./site_page.tsx";
import { Traffic } from "./traffic.ts";
import type { SiteStatus } from "./site_status.ts";

/** An upstream and where it is served. */
export interface MountedUpstream extends AppOptions {
  /** `"/"`, or `"/NAME"` for routes such as `/NAME/metadata/timestamp.json`. */
  readonly prefix: string;
}

/** What the upstreams of a process have in common. */
export interface SiteOptions extends Partial<RequestReportOptions> {
  /** Default: the runtime's. */
  readonly clock?: Clock;
  /** What the store holds, as it was measured last. Default: not known. */
  readonly storeSize?: () => StoreSize | null;
}

/** What can't be a prefix: routes of the process, and of an upstream that is served at `/`. */
const RESERVED: ReadonlySet<string> = new Set([
  ...["", "healthz", "readyz", "metrics", "status.json", "upstreams"],
  ...["metadata", "targets", "packs", "deltas", "hints", "chunks"],
]);

/** Routes of one upstream below `/upstreams/NAME/`, for people and monitors. */
const ABOUT_ONE = /^\/(?:readyz|metrics|status\.json)?(?:\?|$)/;

/** Whether an upstream can be served under `prefix`: `/`, or one segment that is no route's. */
export function isPrefix(prefix: string): boolean {
  const segment = /^\/([A-Za-z0-9._~-]*)$/.exec(prefix)?.[1];
  if (segment === undefined || segment === "." || segment === "..") return false;
  return segment === "" || !RESERVED.has(segment);
}

interface Mounted {
  readonly upstream: MountedUpstream & { readonly traffic: Traffic };
  readonly app: EdgeApp;
  readonly status: () => EdgeStatus;
}

/** What the routes of the process tell of. */
interface Site {
  readonly mounted: readonly Mounted[];
  readonly clock: Clock;
  readonly storeSize: () => StoreSize | null;
}

/** The routes of docs/edge.md for several upstreams. Their names and prefixes differ. */
export function createSite(
  upstreams: readonly MountedUpstream[],
  { clock = systemClock, storeSize = () => null, log = silentLog, ...told }: SiteOptions = {},
): EdgeApp {
  const report = new RequestReport({ log, ...told });
  const mounted = upstreams.map((upstream): Mounted => {
    const { edge, log, traffic = new Traffic(clock), status = () => edge.status() } = upstream;
    const options: AppOptions = {
      ...upstream,
      log: (level, event, fields) => log(level, event, { upstream: edge.name, ...fields }),
      clock,
      traffic,
    };
    return { upstream: { ...upstream, traffic }, app: createApp(options), status };
  });
  const byPrefix = new Map(mounted.map((one) => [one.upstream.prefix.slice(1), one.app]));
  const byName = new Map(mounted.map((one) => [one.upstream.edge.name, one]));
  const site: Site = { mounted, clock, storeSize };
  return {
    fetch(request) {
      const { segment, origin, rest } = cutUrl(request.url);
      const prefixed = segment === "" ? undefined : byPrefix.get(segment);
      if (prefixed !== undefined) return prefixed.fetch(request);
      if (segment === "upstreams") {
        const { segment: name, rest: about } = cutUrl(origin + rest);
        const one = ABOUT_ONE.test(about) ? byName.get(name) : undefined;
        if (one === undefined) return ownResponse(request, report, notFound);
        const base = one.upstream.prefix === "/" ? "" : one.upstream.prefix;
        return one.app.fetch(new Request(origin + base + about, request));
      }
      if (!isOwn(segment, rest)) {
        return byPrefix.get("")?.fetch(request) ?? ownResponse(request, report, notFound);
      }
      return ownResponse(request, report, () => PROCESS_ROUTES.get(segment)!(site));
    },
    refused(request, response) {
      const app = byPrefix.get(cutUrl(request.url).segment) ?? byPrefix.get("") ?? mounted[0]!.app;
      app.refused?.(request, response);
    },
  };
}

/** Those of `upstreams` that a site needs to answer a request for `url`. */
export function addressedBy<T extends { readonly prefix: string }>(
  url: string,
  upstreams: readonly T[],
): readonly T[] {
  const { segment, rest } = cutUrl(url);
  const at = (prefix: string) => upstreams.filter((upstream) => upstream.prefix === prefix);
  const prefixed = segment === "" ? [] : at(`/${segment}`);
  if (prefixed.length > 0) return prefixed;
  return segment === "upstreams" || isOwn(segment, rest) ? upstreams : at("/");
}

/** Whether the process itself answers there. */
function isOwn(segment: string, rest: string): boolean {
  return PROCESS_ROUTES.has(segment) && /^\/(?:\?|$)/.test(rest);
}

type Answer = (site: Site) => Response | Promise<Response>;

const PROCESS_ROUTES: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ["healthz", () => pageResponse("ok\n", "text/plain; charset=utf-8")],
  ["readyz", async (site) => {
    const each = await Promise.all(
      site.mounted.map(async ({ upstream: { edge }, status }) => {
        return { name: edge.name, ...await readyNow(edge, status()) };
      }),
    );
    const reasons = each.flatMap(({ name, reasons }) => reasons.map((one) => `${name}: ${one}`));
    const ready = each.some(({ ready }) => ready);
    return json({ ready, reasons, upstreams: each }, ready ? 200 : 503);
  }],
  ["status.json", (site) => json(statusOf(site), 200)],
  ["metrics", ({ mounted, storeSize }) => {
    const texts = mounted.map(({ upstream: { edge, traffic }, status }) => {
      const savings = savingsOf(edge, { traffic, size: undefined });
      return [edge.name, metricsText(status(), traffic, savings)] as const;
    });
    const shared = storeMetrics(storeSize()).map((line) => `${line}\n`).join("");
    return pageResponse(joinMetrics(texts) + shared, METRICS_TYPE);
  }],
  ["", async (site) => {
    const traffic = new Traffic(site.clock);
    traffic.showWith(site.mounted.map(({ upstream }) => upstream.traffic.all()));
    const page = SitePage({
      status: statusOf(site),
      routes: traffic.totals(),
      hour: traffic.lastHour(),
      now: site.clock.now(),
    });
    const policy = "default-src 'none'; style-src 'unsafe-inline'";
    return pageResponse(plainText(`<!doctype html>${await page}`), "text/html; charset=utf-8", {
      headers: { "content-security-policy": policy },
    });
  }],
]);

function statusOf({ mounted, storeSize }: Site): SiteStatus {
  const upstreams = mounted.map(({ upstream: { edge, prefix, traffic }, status }) => {
    const savings = savingsOf(edge, { traffic, size: undefined });
    return { name: edge.name, prefix, ...status(), ...savings };
  });
  return {
    ready: upstreams.some(({ ready }) => ready),
    reasons: upstreams.flatMap(({ name, reasons }) => reasons.map((why) => `${name}: ${why}`)),
    upstreams,
    ...sumSavings(upstreams, storeSize()),
  };
}

/** Answers as the routes of an edge do, and tells `report`. */
async function ownResponse(
  request: Request,
  report: RequestReport,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  const started = performance.now();
  const identity = identify(request);
  let response: Response;
  try {
    response = await byMethod(request, answer);
  } catch (error) {
    report.failed("request failed", { request, identity }, error);
    response = new Response(null, {
      status: 503,
      headers: { "cache-control": CACHE_POLICY.never },
    });
  }
  for (const [name, value] of Object.entries(COMMON_HEADERS)) response.headers.set(name, value);
  response.headers.set("x-request-id", identity.id);
  const bytes = response.body === null ? 0 : Number(response.headers.get("content-length"));
  const seconds = (performance.now() - started) / 1000;
  report.answered("other", { request, identity, status: response.status, bytes, seconds });
  return response;
}

async function byMethod(
  { method }: Request,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  const allow = "GET, HEAD, OPTIONS";
  if (method === "GET") return await answer();
  if (method === "HEAD") return new Response(null, await answer());
  if (method === "OPTIONS") {
    const headers = { "access-control-allow-methods": allow };
    return new Response(null, { status: 204, headers });
  }
  return new Response(null, { status: 405, headers: { allow } });
}

/** A URL without the first segment of its path, as it is spelled: `rest` begins with a slash. */
function cutUrl(url: string): {
  readonly origin: string;
  readonly segment: string;
  readonly rest: string;
} {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const length = url.slice(start + 1).search(/[/?#]/);
  const end = length < 0 ? url.length : start + 1 + length;
  const rest = url.slice(end);
  return {
    origin: url.slice(0, start),
    segment: url.slice(start + 1, end),
    rest: rest.startsWith("/") ? rest : `/${rest}`,
  };
}

function json(value: unknown, status: number): Response {
  return pageResponse(plainJson(value), "application/json", { status });
}

function notFound(): Response {
  return new Response(null, {
    status: 404,
    headers: { "cache-control": CACHE_POLICY.never },
  });
}
