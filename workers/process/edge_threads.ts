import { setTimeout } from "node:timers/promises";
import type { Traffic, TrafficCounts } from "../status/traffic.ts";
import { BrecciaError } from "../../src/errors.ts";
import type { Edge, StoreMaintenance } from "../../src/mirror/mod.ts";
import type { WorkLocks } from "./work_locks.ts";
import type { Address, FromThread, ToThread } from "./edge_thread.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import type { QuotaStore } from "../../cache/stores/quota.ts";
import { makeChange, type StoreChange } from "./primary_backed_store.ts";
import type { EdgeSite } from "./site_settings.ts";

/** How often threads hear from each other, in milliseconds: so old the numbers of a page may be. */
const EXCHANGE_MILLISECONDS = 500;

/** What the threads of an edge share. */
export interface EdgeThreadOptions {
  /** What each opens for itself. */
  readonly site: EdgeSite;
  /** The edges of the leading thread, which alone asks for news, and its counters; in the order of the site. */
  readonly upstreams: readonly { readonly edge: Edge; readonly traffic: Traffic }[];
  /** Knows what the store holds. */
  readonly keeper: StoreMaintenance;
  /** What the threads leave changes to, where one thread keeps a quota. */
  readonly store: ManagedStore;
  /** Hears what they use. */
  readonly quota: Pick<QuotaStore, "used"> | undefined;
  /** Who fetches what. */
  readonly claims: WorkLocks;
  /** Whether each logs its answers. */
  readonly accessLog: boolean;
  /** Takes lines of a thread's log, joined by line feeds. */
  readonly write: (lines: string) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Of each upstream; none until it has told. */
  counts: readonly TrafficCounts[];
  readonly stopped: PromiseWithResolvers<void>;
}

/**
 * Further threads that serve the same store on the same port, each with a JavaScript engine of its own: one
 * engine uses one core. They follow what the leading thread makes current, and count together.
 */
export class EdgeThreads {
  readonly #options: EdgeThreadOptions;
  readonly #threads: Thread[] = [];
  readonly #failed = Promise.withResolvers<never>();

  /** Shares `options` between threads. */
  constructor(options: EdgeThreadOptions) {
    this.#options = options;
    // Heard of by those who keep the threads.
    this.#failed.promise.catch(() => {});
  }

  /** Starts `count` threads; resolves when all of them take requests. */
  async start(count: number, address: Address): Promise<void> {
    const listening: Promise<void>[] = [];
    for (let started = 0; started < count; started++) {
      listening.push(this.#startOne(address));
    }
    await Promise.race([Promise.all(listening), this.#failed.promise]);
  }

  /**
   * Keeps the threads informed until the signal, then lets them finish their answers.
   *
   * @throws {BrecciaError} `internal` when a thread has ended by itself.
   */
  async keep(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        this.#exchange();
        const next = setTimeout(EXCHANGE_MILLISECONDS, undefined, { signal }).catch(() => {});
        await Promise.race([next, this.#failed.promise]);
      }
      for (const { worker } of this.#threads) post(worker, { type: "stop" });
      const stopped = this.#threads.map(({ stopped }) => stopped.promise);
      await Promise.race([Promise.all(stopped), this.#failed.promise]);
    } finally {
      for (const { worker } of this.#threads) worker.terminate();
    }
  }

  #startOne(address: Address): Promise<void> {
    const listening = Promise.withResolvers<void>();
    const url = new URL("./edge_thread.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    const thread: Thread = { worker, counts: [], stopped: Promise.withResolvers() };
    this.#threads.push(thread);
    worker.onmessage = ({ data }: MessageEvent<FromThread>) => {
      if (data.type === "listening") listening.resolve();
      else if (data.type === "log") this.#options.write(data.lines);
      else if (data.type === "counts") thread.counts = data.counts;
      else if (data.type === "delta") void this.#askForDelta(data.base, data.index);
      else if (data.type === "claim") void this.#claim(worker, data.id, data.key);
      else if (data.type === "change") void this.#change(worker, data.id, data.change);
      else if (data.type === "used") this.#options.quota?.used(data.key);
      else if (data.type === "release") this.#options.claims.release(data.key, data.outcome);
      else thread.stopped.resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#failed.reject(
        new BrecciaError(
          "internal",
          `A thread of the edge ended: ${event.message}; start it again`,
        ),
      );
    };
    const { site, accessLog } = this.#options;
    post(worker, { type: "start", site, address, accessLog });
    return listening.promise;
  }

  /** On behalf of a thread, which makes none itself. */
  async #askForDelta(base: string, index: string): Promise<void> {
    for (const { edge } of this.#options.upstreams) {
      // The thread has answered already; what fails here fails for the next who asks, too.
      await edge.served?.deltaAdvice(base, index).catch(() => {});
    }
  }

  async #claim(worker: Worker, id: number, key: string): Promise<void> {
    post(worker, { type: "claimed", id, claimed: await this.#options.claims.claim(key) });
  }

  async #change(worker: Worker, id: number, change: StoreChange): Promise<void> {
    post(worker, { type: "changed", id, outcome: await makeChange(this.#options.store, change) });
  }

  #exchange(): void {
    const { upstreams, keeper } = this.#options;
    const statuses = upstreams.map(({ edge }) => edge.status());
    for (const thread of this.#threads) {
      const states = upstreams.map(({ traffic }, at) => ({
        status: statuses[at]!,
        elsewhere: [traffic.counts(), ...this.#countsBut(thread, at)],
      }));
      post(thread.worker, { type: "state", upstreams: states, storeSize: keeper.size });
    }
    for (const [at, { traffic }] of upstreams.entries()) {
      traffic.showWith(this.#countsBut(undefined, at));
    }
  }

  /** What all threads but `left` have counted of upstream number `at`. */
  #countsBut(left: Thread | undefined, at: number): TrafficCounts[] {
    return this.#threads.flatMap((thread) =>
      thread === left ? [] : thread.counts.slice(at, at + 1)
    );
  }
}

function post(worker: Worker, message: ToThread): void {
  worker.postMessage(message);
}
