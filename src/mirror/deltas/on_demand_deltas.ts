import type { DeltaEncoder } from "../../delta/mod.ts";
import { encodeHex } from "../../bytes/mod.ts";
import type { Clock, Log, ManagedStore } from "../../ports/mod.ts";
import { ContentStore } from "../content/content_store.ts";
import { type ServedFile } from "../content/served_file.ts";
import { DeltaBuilder, type DeltaPair } from "./delta_builder.ts";
import { DeltaCache } from "./delta_cache.ts";

/** How the edges of a store come by deltas that nobody published. */
export interface OnDemandDeltasOptions {
  /** The store of the edges. */
  readonly store: ManagedStore;
  /** What deltas may take there, in bytes. */
  readonly budget: number;
  /** Encodes off this thread; or, where another thread does, passes on what is asked for. */
  readonly by: { readonly encode: DeltaEncoder } | { readonly hand: ForwardRequest };
  /** Tells what was used of late. */
  readonly clock: Clock;
  /** Told of each delta. */
  readonly log: Log;
  /** Ends what is being made. */
  readonly signal?: AbortSignal | undefined;
}

/** Passes on that somebody asked for a delta: both names as they stand in the URL. */
export type ForwardRequest = (base: string, index: string) => void;

/** What is said of a delta. */
export type DeltaAnswer =
  | { readonly state: "made"; readonly advice: Uint8Array<ArrayBuffer> }
  /** It will be there within minutes; until then there are chunks. */
  | { readonly state: "making" };

/** Where deltas that nobody published are asked for, by all edges of a store. */
export class OnDemandDeltas {
  readonly #shelf: DeltaCache;
  readonly #maker: DeltaBuilder | undefined;
  readonly #hand: ForwardRequest | undefined;

  /** Opens a desk; nothing is read or written until somebody asks. */
  constructor({ store, budget, by, clock, log, signal }: OnDemandDeltasOptions) {
    const content = new ContentStore(store);
    this.#shelf = new DeltaCache({ store, content, budget, clock });
    if ("hand" in by) this.#hand = by.hand;
    else {this.#maker = new DeltaBuilder({
        shelf: this.#shelf,
        encode: by.encode,
        clock,
        log,
        signal,
      });}
  }

  /** What is known of a pair's delta; asking again and again has it made. */
  async ask(pair: DeltaPair): Promise<DeltaAnswer | undefined> {
    this.#hand?.(encodeHex(pair.base.streamSha256), encodeHex(pair.indexSha256));
    const advice = await this.#shelf.advice(pair.name);
    if (advice !== undefined) {
      await this.#shelf.used(pair.name);
      return { state: "made", advice };
    }
    return this.#maker?.request(pair) ? { state: "making" } : undefined;
  }

  /** A delta that was made, by its SHA-256 in hex. */
  open(pair: DeltaPair, name: string): Promise<ServedFile | undefined> {
    return this.#shelf.open(pair.name, name);
  }

  /** Keys of the objects that made deltas need, those of replicas on the same store too. */
  keys(): AsyncIterable<string> {
    return this.#shelf.keys();
  }

  /** How many deltas there are, and the bytes that they take. */
  size(): Promise<{ readonly count: number; readonly bytes: number }> {
    return this.#shelf.size();
  }

  /** Resolves when nothing is being made. */
  async idle(): Promise<void> {
    await this.#maker?.idle();
  }
}
