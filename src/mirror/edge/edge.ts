import { isBrecciaError } from "../../errors.ts";
import {
  type Clock,
  type Log,
  type ObjectStore,
  silentTracer,
  type Span,
  type Tracer,
} from "../../ports/mod.ts";
import { judgingTime, loadTrusted, MemoryMetadataStore, refresh } from "../../tuf/mod.ts";
import type { BlockCache } from "../content/block_cache.ts";
import { Catalog } from "../state/catalog.ts";
import { ContentMirror } from "../fetch/content_mirror.ts";
import type { OnDemandDeltas } from "../deltas/on_demand_deltas.ts";
import { DictionaryForms } from "../content/dictionary_forms.ts";
import { EdgeHealth } from "./edge_health.ts";
import { type EdgeStatus, licensedStatus } from "./edge_status.ts";
import { formerTargets } from "../state/former_targets.ts";
import { Generation } from "../state/generation.ts";
import { type SharedFlight, SingleFlight } from "../fetch/single_flight.ts";
import { noReads, type ReadCounts } from "../fetch/read_counts.ts";
import { ServedGeneration } from "./served_generation.ts";
import { mayBeSwept } from "../upkeep/garbage_collection.ts";
import { DEFAULT_UPSTREAM, isBlockKey, isContentKey, pointerKey } from "../state/store_layout.ts";
import {
  laterOf,
  refuseBelow,
  type TrustedVersions,
  versionsOf,
} from "../state/trusted_versions.ts";
import { TargetFilter, type TargetRules } from "../state/target_filter.ts";
import type { Upstream } from "../fetch/upstream.ts";
import { objectName } from "../content/verified_object.ts";

/** What an edge is made of. */
export interface EdgeOptions {
  /** Where verified content is kept. Edges of other upstreams may use the same. */
  readonly store: ObjectStore;
  /**
   * Name of the upstream among those in the store: lower-case letters, digits and hyphens, at most 63
   * characters. Default `"default"`. What was trusted is kept under it.
   */
  readonly name?: string;
  /** The repository that is mirrored. */
  readonly upstream: Upstream;
  /** The publisher's root metadata, from which trust starts. */
  readonly trustedRoot: Uint8Array;
  /** Tells what has expired. */
  readonly clock: Clock;
  /** Told what the edge does and why. */
  readonly log: Log;
  /** Receives spans of passes, fetches and verification. Default none. */
  readonly tracer?: Tracer | undefined;
  /** Which targets are mirrored. Default: all. Metadata always are. */
  readonly rules?: TargetRules;
  /** Bring content only when it is first asked for. Default false: all of it, at each refresh. */
  readonly onDemand?: boolean;
  /** Keeps what takes long to make of archives, for all edges of the store. Default: it is made anew. */
  readonly blocks?: BlockCache | undefined;
  /** Makes deltas that nobody published, for all edges of the store. Default: none are made. */
  readonly deltas?: OnDemandDeltas | undefined;
  /**
   * Joins fetches with those of other edges on the same store, such as those of other threads. What another
   * has done must be in the store by then. Default: fetches of this edge alone are joined.
   */
  readonly joined?: SharedFlight | undefined;
}

/** What is current: metadata, what it licenses, and the service of both. */
interface Current {
  readonly generation: Generation;
  readonly catalog: Catalog;
  readonly served: ServedGeneration;
  /** Keys of the indexes of releases, each in one object. */
  readonly indexKeys: ReadonlySet<string>;
}

/**
 * A verified mirror of one repository. It serves the last generation that it verified, whatever the
 * upstream does since, and says why it is not newer.
 */
export class Edge {
  /** Name of its upstream. */
  readonly name: string;
  /** Key of the pointer to what is current. */
  readonly pointerKey: string;
  /** Where the content came from that was served. */
  readonly reads: ReadCounts = noReads();
  readonly #options: EdgeOptions;
  readonly #tracer: Tracer;
  readonly #mirror: ContentMirror;
  readonly #health: EdgeHealth;
  readonly #forms: DictionaryForms;
  readonly #filter: TargetFilter;
  readonly #refreshing = new SingleFlight<boolean>();
  #current: Current | undefined;
  /** The newest that is known to have been trusted, even where it was lost. */
  #floor: TrustedVersions | undefined;
  /** When metadata was last verified here, in milliseconds since 1970: no clock takes expiry behind it. */
  #verifiedAt: number | undefined;
  /** True when the store may lack something that counts as brought: the next refresh looks at everything. */
  #unsettled = false;
  readonly #lossListeners = new Set<() => void>();

  private constructor(options: EdgeOptions) {
    this.name = options.name ?? DEFAULT_UPSTREAM;
    this.pointerKey = pointerKey(this.name);
    this.#options = options;
    this.#tracer = options.tracer ?? silentTracer;
    this.#health = new EdgeHealth(options.clock, options.log);
    this.#filter = new TargetFilter(options.rules);
    this.#mirror = new ContentMirror(options.store, options.upstream, {
      reads: this.reads,
      blocks: options.blocks,
      tracer: this.#tracer,
      joined: options.joined,
    });
    this.#forms = new DictionaryForms(options.store, options.clock);
  }

  /**
   * An edge that serves what its store holds from before, without asking the upstream. Damaged or foreign
   * state in the store is logged, and the last generation before it that verifies is served in its place.
   */
  static async open(options: EdgeOptions): Promise<Edge> {
    const edge = new Edge(options);
    let known: TrustedVersions | undefined;
    try {
      const { generation, damage } = await Generation.load(options.store, edge.pointerKey);
      known = generation?.versions;
      if (generation !== undefined) await edge.#adopt(generation);
      else if (damage !== undefined) throw damage;
    } catch (error) {
      edge.#health.trouble("kept metadata refused", error);
    }
    if (edge.#current === undefined) await edge.#fallBack(known);
    return edge;
  }

  /**
   * Asks the upstream for news, brings what is new and makes it current. On a failure what is served
   * stays; the reason stands in {@linkcode Edge.status}. Calls at the same time are one.
   *
   * @returns True when there was news.
   * @throws {BrecciaError} of the trust, content, network and storage families; `cancelled`.
   */
  refresh(signal?: AbortSignal): Promise<boolean> {
    const attributes = { "breccia.upstream": this.name };
    const metadata = () => this.#current?.catalog.metadata;
    const pass = (span: Span) => this.#health.watch(() => this.#refresh(signal, span), metadata);
    return this.#refreshing.join(
      "refresh",
      () => this.#tracer.span("breccia.refresh", attributes, pass),
    );
  }

  /**
   * Takes over what another edge on the same store has made current, without asking the upstream.
   *
   * @throws {BrecciaError} of the trust and storage families; what is served stays.
   */
  async adoptLatest(): Promise<void> {
    await this.#refreshing.join("follow", async () => (await this.#adoptNewest(), false));
  }

  /**
   * Brings again what the store has lost, as far as the upstream has it now. What it has not stands in
   * {@linkcode Edge.status}, and is brought by a later refresh.
   */
  async repair(signal?: AbortSignal): Promise<void> {
    this.#unsettled = true;
    await this.refresh(signal).catch(() => {});
  }

  /**
   * Adds the key of every object that it needs to `needed`.
   *
   * @returns The tag of the pointer that this holds for, `undefined` as long as nothing was verified.
   * @throws {BrecciaError} of the storage family; of the network family where content is not brought on
   * demand, an index is missing and can't be brought.
   */
  async mark(needed: Set<string>): Promise<string | undefined> {
    const current = this.#current;
    if (current === undefined) return undefined;
    for await (const key of this.#keysOf(current)) needed.add(key);
    for (const earlier of await Generation.history(this.#options.store, this.pointerKey)) {
      for (const key of earlier.keys()) needed.add(key);
    }
    return current.generation.etag;
  }

  /** Tag of the pointer to what is served. */
  get pointerTag(): string | undefined {
    return this.#current?.generation.etag;
  }

  /** How long the upstream asks to wait before it is asked again, in milliseconds, at most an hour. */
  get retryAfterMs(): number {
    return this.#options.upstream.askedWait;
  }

  /** Resolves when what is served turns out to be lost from the store, or `signal` aborts. */
  contentLost(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#lossListeners.add(resolve);
      signal.addEventListener("abort", () => {
        this.#lossListeners.delete(resolve);
        resolve();
      }, { once: true });
    });
  }

  #tellLoss(): void {
    for (const resolve of this.#lossListeners) resolve();
    this.#lossListeners.clear();
  }

  /** What is served now, or `undefined` as long as nothing was verified. */
  get served(): ServedGeneration | undefined {
    return this.#current?.served;
  }

  /**
   * Whether the stored object `key` may go as far as this edge is concerned: what saves time alone, and on
   * one that brings content on demand all content but the indexes of releases, which can be brought again
   * when it is asked for.
   */
  canBringAgain(key: string): boolean {
    if (isBlockKey(key)) return true;
    if (!this.#options.onDemand || !isContentKey(key)) return false;
    return this.#current?.indexKeys.has(key) !== true;
  }

  /** How the edge fares. */
  status(): EdgeStatus {
    const { clock, upstream, onDemand = false } = this.#options;
    const licensed = licensedStatus(this.#current?.catalog);
    const health = this.#health.status(this.#current?.catalog.metadata);
    const { expires } = licensed;
    return {
      upstream: upstream.hosts,
      ready: expires !== null && expires > Math.max(clock.now(), this.#verifiedAt ?? 0),
      ...health,
      ...licensed,
      reasons: [...health.reasons, ...licensed.unavailableRoles.map(roleReason)],
      onDemand,
      upstreamTraffic: { requests: upstream.requests, bytes: upstream.bodyBytes },
    };
  }

  async #refresh(signal: AbortSignal | undefined, span: Span): Promise<boolean> {
    const { store, upstream, trustedRoot, clock, onDemand } = this.#options;
    const replaces = await this.#adoptNewest();
    const before = this.#current?.generation;
    const baseline = await before?.trusted(store).catch((error) => {
      // Damaged: trust starts from the shipped root again, and what is fetched is stored anew.
      if (!isBrecciaError(error, "storage-corrupt")) throw error;
      this.#report("kept metadata refused", error);
      return undefined;
    });
    const kept = baseline ?? new MemoryMetadataStore();
    const metadata = await refresh({
      source: upstream,
      store: kept,
      trustedRoot,
      now: judgingTime(clock.now(), this.#verifiedAt),
      signal,
    });
    refuseBelow(this.#floor, versionsOf(metadata));
    this.#verifiedAt = metadata.now;
    const news = baseline === undefined || !await before?.holds(kept);
    span.set({ "breccia.news": news, "breccia.timestamp": metadata.timestamp.version });
    if (!news && !this.#unsettled) return false;
    const catalog = await Catalog.read(metadata, this.#filter, signal);
    for (const { error } of catalog.unavailable) this.#report("role unavailable", error);
    if (!onDemand) await this.#mirror.fetchAll(catalog, signal);
    const generation = await Generation.commit(store, metadata, kept, {
      key: this.pointerKey,
      scope: onDemand ? "on demand" : this.#filter.text,
      former: formerTargets(
        this.#current && { catalog: this.#current.catalog, former: before?.former ?? [] },
        catalog,
      ),
      before,
      replaces,
    });
    const current = this.#serve(generation, catalog);
    this.#current = current;
    this.#floor = versionsOf(metadata);
    // A role that failed may be whole at the next look, with no news above it.
    this.#unsettled = catalog.unavailable.length > 0 ||
      await mayBeSwept(store, () => this.#keysOf(current));
    if (!news) return false;
    this.#options.log("info", "generation", {
      timestamp: metadata.timestamp.version,
      targets: catalog.targets.size,
      releases: catalog.releases.length,
    });
    return true;
  }

  /**
   * Takes over what another process on the same store has made current since. Returns the tag of the
   * pointer, which the next generation replaces: a damaged pointer must not stop the edge for ever.
   */
  async #adoptNewest(): Promise<string | null> {
    const { generation, damage, etag } = await Generation.load(
      this.#options.store,
      this.pointerKey,
    );
    if (damage !== undefined || (etag === null && this.#current !== undefined)) {
      this.#unsettled = true;
    }
    if (generation !== undefined && etag !== this.#current?.generation.etag) {
      await this.#adopt(generation).catch((error) => {
        // What is damaged, or older than what is served, is replaced: it must not stop the edge for ever either.
        if (!isBrecciaError(error, "storage-corrupt", "rollback")) throw error;
        this.#unsettled = true;
        this.#report("kept metadata refused", error);
      });
    }
    return etag;
  }

  async #adopt(generation: Generation): Promise<void> {
    const { store, trustedRoot, onDemand } = this.#options;
    // What the rules leave out no longer has not been brought yet.
    if (!onDemand && generation.scope !== this.#filter.text) this.#unsettled = true;
    const kept = await generation.trusted(store);
    const metadata = await loadTrusted({ store: kept, trustedRoot, now: generation.verifiedAt });
    // Who can write the store can put an old pointer back: it takes no running edge back.
    refuseBelow(this.#floor, versionsOf(metadata));
    this.#current = this.#serve(generation, await Catalog.read(metadata, this.#filter));
    this.#floor = versionsOf(metadata);
    this.#verifiedAt = Math.max(generation.verifiedAt, this.#verifiedAt ?? 0);
  }

  /**
   * Serves the last kept generation that verifies. What was newer is not forgotten: a refresh to anything
   * older than `known`, or than what any copy of a pointer tells, is a rollback.
   */
  async #fallBack(known: TrustedVersions | undefined): Promise<void> {
    try {
      for (const generation of await Generation.history(this.#options.store, this.pointerKey)) {
        known = laterOf(known, generation.versions);
        if (this.#current === undefined) await this.#adoptEarlier(generation);
      }
    } catch (error) {
      this.#report("kept metadata refused", error);
    }
    this.#floor = laterOf(this.#floor, known);
  }

  async #adoptEarlier(generation: Generation): Promise<void> {
    try {
      await this.#adopt(generation);
      this.#unsettled = true;
      const timestamp = generation.versions?.timestamp;
      this.#options.log("warn", "earlier metadata served", { timestamp });
    } catch (error) {
      this.#report("kept metadata refused", error);
    }
  }

  #serve(generation: Generation, catalog: Catalog): Current {
    const { store } = this.#options;
    const unavailable = (error: unknown) => this.#report("pack unavailable", error);
    const damaged = (error: unknown) => {
      this.#unsettled = true;
      this.#report("metadata damaged in the store", error);
      this.#tellLoss();
    };
    const { deltas } = this.#options;
    const parts = {
      ...{ generation, catalog, store, mirror: this.#mirror, forms: this.#forms, deltas },
      ...{ unavailable, damaged },
    };
    const indexKeys = new Set(catalog.releases.map(({ index }) => `targets/${objectName(index)}`));
    return { generation, catalog, served: new ServedGeneration(parts), indexKeys };
  }

  /** Keys of every object that is needed to serve `current`. */
  async *#keysOf({ generation, catalog }: Current): AsyncGenerator<string> {
    yield* generation.keys();
    yield* this.#mirror.keys(catalog, this.#options.onDemand === true);
    if (this.#options.blocks !== undefined) yield* this.#options.blocks.keys();
    if (this.#options.deltas !== undefined) yield* this.#options.deltas.keys();
  }

  #report(event: string, error: unknown): void {
    this.#health.report(event, error);
  }
}

function roleReason({ role, message }: EdgeStatus["unavailableRoles"][number]): string {
  return `The role ${JSON.stringify(role)} is unavailable: ${message}`;
}
