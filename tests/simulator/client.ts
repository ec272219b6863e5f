import {
  MemoryMetadataStore,
  type MetadataRequest,
  type MetadataSource,
  refresh,
  type RefreshOptions,
  type VerifiedMetadata,
} from "../../src/tuf/mod.ts";
import { MINUTE, type SimulatedRepository, START } from "./repository.ts";

/** A source over what a simulated repository serves; it counts what is asked of it. */
export class SimulatedSource implements MetadataSource {
  readonly #served: ReadonlyMap<string, Uint8Array>;
  /** Names in the order they were asked for. */
  readonly requests: string[] = [];

  constructor(served: ReadonlyMap<string, Uint8Array>) {
    this.#served = served;
  }

  async fetch<T>(name: string, { accept }: MetadataRequest<T>): Promise<T | undefined> {
    this.requests.push(name);
    const bytes = this.#served.get(name);
    return bytes && await accept(bytes);
  }
}

/** A client with a memory of its own, whose embedded root is the repository's first. */
export class SimulatedClient {
  readonly store = new MemoryMetadataStore();
  readonly source: SimulatedSource;
  readonly #root: Uint8Array;

  constructor(repository: SimulatedRepository) {
    this.source = new SimulatedSource(repository.served);
    this.#root = repository.served.get("1.root.json") as Uint8Array;
  }

  /** Refreshes a minute after the story began, unless told otherwise. */
  refresh(options: Partial<RefreshOptions> = {}): Promise<VerifiedMetadata> {
    this.source.requests.length = 0;
    return refresh({
      source: this.source,
      store: this.store,
      trustedRoot: this.#root,
      now: START + MINUTE,
      ...options,
    });
  }

  /** Names of what is trusted, in order. */
  get trustedNames(): string[] {
    return [...this.store.files().keys()];
  }
}
