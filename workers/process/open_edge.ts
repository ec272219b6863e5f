import { type AnswerSlots, createApp, type EdgeApp } from "../http/app.ts";
import { DictionaryRules } from "../http/dictionary_rules.ts";
import { createSite, type MountedUpstream } from "../status/site.ts";
import { QuotaStore } from "../../cache/stores/quota.ts";
import { TracedStore } from "../../cache/stores/traced.ts";
import { type ClaimsElsewhere, SharedWork } from "./work_locks.ts";
import {
  BlockCache,
  Edge,
  type EdgeOptions,
  OnDemandDeltas,
  type OnDemandDeltasOptions,
  type StoreSize,
  Upstream,
} from "../../src/mirror/mod.ts";
import {
  type Log,
  type ManagedStore,
  silentTracer,
  systemClock,
  type Tracer,
} from "../../src/ports/mod.ts";
import { followRedirects, HttpClient, MirrorSet } from "../../src/transport/mod.ts";
import type { EdgeSite, SiteUpstream } from "./site_settings.ts";
import { openStore } from "./open_store.ts";
import { sleep } from "./sleep.ts";

/** What a thread brings along for its edges. */
export interface SiteParts {
  /** Default: records nothing. */
  readonly tracer?: Tracer;
  /** How deltas on demand are come by, where the site has them. Default: none are made. */
  readonly deltas?: OnDemandDeltasOptions["by"];
  /** False for a thread that only reads what the leading one keeps to save time. Default true. */
  readonly leads?: boolean;
  /** Joins what the threads of a site fetch. Default: each edge joins its own. */
  readonly claims?: ClaimsElsewhere;
  /** Before a store whose quota another thread keeps. Default: it is kept here. */
  readonly lead?: (store: ManagedStore) => ManagedStore;
  /** Ends what is being made. */
  readonly signal?: AbortSignal;
}

/** What is opened for a site. */
export interface OpenedEdges {
  readonly edges: readonly Edge[];
  readonly store: ManagedStore;
  /** Keeps the quota, where there is one and it is kept here. */
  readonly quota: QuotaStore | undefined;
}

/** Opens the store of a site and an edge for each of its upstreams, in their order. */
export async function openEdges(
  { upstreams, prefixed, store: name, cwd, quota, deltaBudget: budget, rebuilt }: EdgeSite,
  log: Log,
  { tracer = silentTracer, deltas: by, leads = true, claims, lead, signal }: SiteParts = {},
): Promise<OpenedEdges> {
  const opened = await openStore(name, cwd, "edge");
  // The store asks what may go, and only the edges, which need the store first, know.
  const edges: Edge[] = [];
  const isEvictable = (key: string): boolean =>
    edges.length === upstreams.length && edges.every((edge) => edge.canBringAgain(key));
  const led = quota === undefined ? undefined : lead?.(opened);
  const bounded = quota === undefined || led !== undefined
    ? undefined
    : await QuotaStore.open(opened, { bytes: quota, isEvictable });
  const whole = led ?? bounded ?? opened;
  const store = tracer === silentTracer ? whole : new TracedStore(whole, tracer);
  const deltas = budget === undefined || by === undefined
    ? undefined
    : new OnDemandDeltas({ store, budget, by, clock: systemClock, log, signal });
  const blocks = name === "memory:" ? undefined : new BlockCache(store, leads ? rebuilt : 0);
  for (const upstream of upstreams) {
    const named: Log = prefixed
      ? (level, event, fields) => log(level, event, { upstream: upstream.name, ...fields })
      : log;
    const joined = claims && new SharedWork(claims, upstream.name);
    edges.push(await openEdge(upstream, { store, log: named, tracer, deltas, blocks, joined }));
  }
  return { edges, store, quota: bounded };
}

function openEdge(
  { name, urls, trustedRoot, onDemand, rules }: SiteUpstream,
  shared:
    & Pick<EdgeOptions, "log" | "tracer" | "deltas" | "blocks" | "joined">
    & { readonly store: ManagedStore },
): Promise<Edge> {
  const { tracer } = shared;
  const http = new HttpClient({ fetch: followRedirects(fetch, "nowhere") });
  const upstream = new Upstream(new MirrorSet(urls, http), {
    tracer,
    patience: { random: Math.random, wait: sleep },
  });
  return Edge.open({
    ...shared,
    name,
    upstream,
    trustedRoot,
    clock: systemClock,
    onDemand,
    rules,
  });
}

/** The app that serves a site. `upstreams` lack only where the site has them; they share one store. */
export function siteApp(
  site: EdgeSite,
  upstreams: readonly Omit<MountedUpstream, "prefix">[],
  { storeSize, slots }: {
    readonly storeSize: () => StoreSize | null;
    readonly slots: AnswerSlots;
  },
): EdgeApp {
  const dictionaries = new DictionaryRules(site.dictionaries);
  if (!site.prefixed) return createApp({ ...upstreams[0]!, dictionaries, storeSize, slots });
  const mounted = upstreams.map((upstream, at) => {
    return { ...upstream, dictionaries, slots, prefix: site.upstreams[at]!.prefix };
  });
  const { log, accessLog, tracer } = mounted[0]!;
  return createSite(mounted, { storeSize, log, accessLog, tracer });
}
