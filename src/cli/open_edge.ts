import { createApp, type EdgeApp } from "../../workers/app.ts";
import { DictionaryRules } from "../../workers/dictionary_rules.ts";
import { createSite, type MountedUpstream } from "../../workers/site.ts";
import { QuotaStore } from "../../cache/quota.ts";
import { TracedStore } from "../../cache/traced.ts";
import {
  BlockShelf,
  DeltaDesk,
  type DeltaDeskOptions,
  Edge,
  type StoreSize,
  Upstream,
} from "../mirror/mod.ts";
import {
  type Log,
  type ManagedStore,
  silentTracer,
  systemClock,
  type Tracer,
} from "../ports/mod.ts";
import { followWithinOrigin, HttpClient, MirrorSet } from "../transport/mod.ts";
import type { EdgeSite, SiteUpstream } from "./edge_site.ts";
import { openStore } from "./open_store.ts";
import { sleep } from "./sleep.ts";

/** What a thread brings along for its edges. */
export interface SiteParts {
  /** Default: records nothing. */
  readonly tracer?: Tracer;
  /** How deltas on demand are come by, where the site has them. Default: none are made. */
  readonly deltas?: DeltaDeskOptions["by"];
  /** False for a thread that only reads what the leading one keeps to save time. Default true. */
  readonly leads?: boolean;
  /** Ends what is being made. */
  readonly signal?: AbortSignal;
}

/** Opens the store of a site and an edge for each of its upstreams, in their order. */
export async function openEdges(
  { upstreams, prefixed, store: name, cwd, quota, deltaBudget: budget, rebuilt }: EdgeSite,
  log: Log,
  { tracer = silentTracer, deltas: by, leads = true, signal }: SiteParts = {},
): Promise<{ edges: readonly Edge[]; store: ManagedStore }> {
  const opened = await openStore(name, cwd, "edge");
  // The store asks what may go, and only the edges, which need the store first, know.
  const edges: Edge[] = [];
  const isEvictable = (key: string): boolean =>
    edges.length === upstreams.length && edges.every((edge) => edge.canBringAgain(key));
  const bounded = quota === undefined
    ? opened
    : await QuotaStore.open(opened, { bytes: quota, isEvictable });
  const store = tracer === silentTracer ? bounded : new TracedStore(bounded, tracer);
  const deltas = budget === undefined || by === undefined
    ? undefined
    : new DeltaDesk({ store, budget, by, clock: systemClock, log, signal });
  const blocks = name === "memory:" ? undefined : new BlockShelf(store, leads ? rebuilt : 0);
  for (const upstream of upstreams) {
    const named: Log = prefixed
      ? (level, event, fields) => log(level, event, { upstream: upstream.name, ...fields })
      : log;
    edges.push(await openEdge(upstream, { store, log: named, tracer, deltas, blocks }));
  }
  return { edges, store };
}

function openEdge(
  { name, urls, trustedRoot, onDemand, rules }: SiteUpstream,
  shared: {
    readonly store: ManagedStore;
    readonly log: Log;
    readonly tracer: Tracer;
    readonly deltas: DeltaDesk | undefined;
    readonly blocks: BlockShelf | undefined;
  },
): Promise<Edge> {
  const { store, log, tracer, deltas, blocks } = shared;
  const http = new HttpClient({ fetch: followWithinOrigin(fetch) });
  const upstream = new Upstream(new MirrorSet(urls, http), {
    tracer,
    patience: { random: Math.random, wait: sleep },
  });
  return Edge.open({
    store,
    name,
    upstream,
    trustedRoot,
    clock: systemClock,
    log,
    tracer,
    onDemand,
    rules,
    deltas,
    blocks,
  });
}

/** The app that serves a site. `upstreams` lack only where the site has them; they share one store. */
export function siteApp(
  site: EdgeSite,
  upstreams: readonly Omit<MountedUpstream, "prefix">[],
  storeSize: () => StoreSize | null,
): EdgeApp {
  const dictionaries = new DictionaryRules(site.dictionaries);
  if (!site.prefixed) return createApp({ ...upstreams[0]!, dictionaries, storeSize });
  const mounted = upstreams.map((upstream, at) => {
    return { ...upstream, dictionaries, prefix: site.upstreams[at]!.prefix };
  });
  const { log, accessLog, tracer } = mounted[0]!;
  return createSite(mounted, { storeSize, log, accessLog, tracer });
}
