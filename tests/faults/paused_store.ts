import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";

/** A store that stops its user at one of its calls until it is told to go on. */
export class PausedStore implements ManagedStore {
  readonly #store: ManagedStore;
  #at = Infinity;
  readonly #reached = Promise.withResolvers<void>();
  readonly #resumed = Promise.withResolvers<void>();
  /** Calls so far. */
  calls = 0;

  /** Passes every call on to `store` until it is told where to stop. */
  constructor(store: ManagedStore) {
    this.#store = store;
  }

  /** Will stop the call number `at` from now, counted from 0, before it does anything. */
  pauseAt(at: number): void {
    this.#at = this.calls + at;
  }

  /** Resolves when `work`, which uses this store, has come to the call or has ended. */
  async until(work: Promise<unknown>): Promise<void> {
    await Promise.race([this.#reached.promise, work.catch(() => {})]);
  }

  /** Lets the call go on. */
  resume(): void {
    this.#resumed.resolve();
  }

  async get(key: string, options?: GetOptions): Promise<StoredObject | undefined> {
    await this.#turn();
    return await this.#store.get(key, options);
  }

  async head(key: string): Promise<StoredObjectInfo | undefined> {
    await this.#turn();
    return await this.#store.head(key);
  }

  async put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<string> {
    await this.#turn();
    return await this.#store.put(key, bytes, options);
  }

  async *list(prefix: string): AsyncGenerator<StoredObjectInfo> {
    await this.#turn();
    yield* this.#store.list(prefix);
  }

  async delete(key: string): Promise<void> {
    await this.#turn();
    await this.#store.delete(key);
  }

  async #turn(): Promise<void> {
    if (this.calls++ !== this.#at) return;
    this.#reached.resolve();
    await this.#resumed.promise;
  }
}
