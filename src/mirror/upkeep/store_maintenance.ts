import {
  type Clock,
  type Log,
  type ManagedStore,
  type ObjectSource,
  silentTracer,
  type Tracer,
} from "../../ports/mod.ts";
import type { Edge } from "../edge/edge.ts";
import { Generation } from "../state/generation.ts";
import { SingleFlight } from "../fetch/single_flight.ts";
import { scrubStore } from "./scrub.ts";
import { DEFAULT_UPSTREAM, isPointerKey, pointerKey, POINTERS } from "../state/store_layout.ts";
import { measureStore, type StoreSize } from "./store_size.ts";
import { type SweepResult, sweepStore } from "./garbage_collection.ts";

/** A store, and who uses it. */
export interface StoreMaintenanceOptions {
  /** What is looked after. */
  readonly store: ManagedStore;
  /** All edges that use the store. What none of them needs is of no use. */
  readonly edges: readonly Edge[];
  /** Tells how long something has been of no use. */
  readonly clock: Clock;
  /** Told what is done and why. */
  readonly log: Log;
  /** Receives a span for each time. Default none. */
  readonly tracer?: Tracer | undefined;
}

/** What looking after a store found and did. */
export interface Maintenance extends SweepResult {
  /** Keys of objects that had rotted. */
  readonly damaged: readonly string[];
}

/** How a store is looked after. */
export interface MaintenanceOptions {
  /** How long an object must have been of no use before it goes, in milliseconds. */
  readonly grace: number;
  /** Resolves when so many bytes more may be read. Default: at once. */
  readonly pace?: ((bytes: number) => Promise<void>) | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** Tags of pointers by their keys; those that can't be read apart. */
interface Pointers {
  readonly tags: ReadonlyMap<string, string>;
  readonly unreadable: readonly string[];
}

/**
 * Looks after a store that several edges may share: what has rotted is removed and brought again, what none
 * of them needs goes. An upstream that is no longer mirrored leaves with its pointer.
 */
export class StoreMaintenance {
  readonly #options: StoreMaintenanceOptions;
  readonly #maintaining = new SingleFlight<Maintenance>();
  #size: StoreSize | null = null;

  /** Looks after the store of `options`. */
  constructor(options: StoreMaintenanceOptions) {
    this.#options = options;
  }

  /**
   * Removes what has rotted or was of no use for `grace` milliseconds, and brings again what was needed of
   * it. Readers, refreshes and replicas may run meanwhile. Calls at the same time are one.
   *
   * @throws {BrecciaError} `storage-conflict` when another process looks after the store; the storage family.
   */
  maintain(options: MaintenanceOptions): Promise<Maintenance> {
    const { tracer = silentTracer } = this.#options;
    return this.#maintaining.join(
      "maintain",
      () =>
        tracer.span("breccia.maintain", {}, async (span) => {
          const done = await this.#maintain(options);
          span.set({ "breccia.damaged": done.damaged.length, "breccia.removed": done.removed });
          return done;
        }),
    );
  }

  /** What the store holds, as it was measured last; `null` before that. */
  get size(): StoreSize | null {
    return this.#size;
  }

  /**
   * Measures what the store holds, for {@linkcode StoreMaintenance.size}.
   *
   * @throws {BrecciaError} of the storage family; the size stays as it was.
   */
  async measure(signal?: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    this.#size = await measureStore(store, clock.now(), signal);
  }

  async #maintain({ grace, pace, signal }: MaintenanceOptions): Promise<Maintenance> {
    const { store, edges, log } = this.#options;
    const damaged = await scrubStore(store, { pace, signal });
    for (const key of damaged) log("warn", "damaged object removed", { key });
    // All at once: an upstream that is slow must not keep the content of another unmended.
    if (damaged.length > 0) await Promise.all(edges.map((edge) => edge.repair(signal)));
    return { damaged, ...await this.#sweep(grace, signal) };
  }

  async #sweep(grace: number, signal: AbortSignal | undefined): Promise<SweepResult> {
    const { store, edges, clock, log } = this.#options;
    const { tags, unreadable } = await readPointers(store);
    // What can't be read is no edge's, or will be mended: it is not ours to judge.
    const needed = new Set(unreadable);
    for (const edge of edges) {
      const tag = await edge.mark(needed);
      if (tag === tags.get(edge.pointerKey) && !unreadable.includes(edge.pointerKey)) continue;
      // It stores something that this edge does not know: nobody can say what of it is needed.
      log("info", "sweep put off", { upstream: edge.name });
      return { removed: 0, removedBytes: 0, waiting: 0 };
    }
    if (tags.size === 0) return { removed: 0, removedBytes: 0, waiting: 0 };
    const isCurrent = async () => {
      const now = await readPointers(store);
      return sameTags(now.tags, tags) &&
        edges.every((edge) => edge.pointerTag === tags.get(edge.pointerKey));
    };
    return await sweepStore(store, needed, { now: clock.now(), grace, isCurrent, signal });
  }
}

async function readPointers(store: ManagedStore): Promise<Pointers> {
  const tags = new Map<string, string>();
  const unreadable: string[] = [];
  const read = async (source: ObjectSource, key: string): Promise<void> => {
    const { etag, damage } = await Generation.load(source, key);
    if (etag !== null) tags.set(key, etag);
    if (damage !== undefined) unreadable.push(key);
  };
  await read(store, pointerKey(DEFAULT_UPSTREAM));
  for await (const { key } of store.list(POINTERS)) {
    if (isPointerKey(key)) await read(store, key);
  }
  return { tags, unreadable };
}

function sameTags(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, tag]) => b.get(key) === tag);
}
