/**
 * A bound on how much a store holds: what was used longest ago goes when something new needs its place.
 *
 * @module
 */

import { BrecciaError } from "../../src/errors.ts";
import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";

/** How a {@linkcode QuotaStore} is made. */
export interface QuotaOptions {
  /** The longest that all objects may be together, in bytes. */
  readonly bytes: number;
  /** Whether an object can be brought again when it is asked for. No other is ever removed. */
  readonly isEvictable: (key: string) => boolean;
}

/**
 * Keeps the objects of a store within a quota. Of those that can be brought again, the ones used longest ago
 * are removed before a put would cross it. When that is not enough, the put is refused and nothing is
 * removed: what the quota can't hold must not empty it.
 *
 * One process must be the only one that writes the store, one object at a time. Keeps a key and a number in memory for each
 * object. The order of use is that of this process: after a restart it begins with the order of keys.
 */
export class QuotaStore implements ManagedStore {
  readonly #store: ManagedStore;
  readonly #options: QuotaOptions;
  /** Sizes, the object used longest ago first. */
  readonly #sizes = new Map<string, number>();
  #held = 0;
  /** Writes go one after the other: two at once must not both take the last room. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(store: ManagedStore, options: QuotaOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * Lists `store` and removes what is over the quota already.
   *
   * @throws {BrecciaError} the storage family.
   */
  static async open(store: ManagedStore, options: QuotaOptions): Promise<QuotaStore> {
    const quota = new QuotaStore(store, options);
    for await (const { key, size } of store.list("")) quota.#use(key, size);
    await quota.#evict(quota.#held - options.bytes);
    return quota;
  }

  /** Bytes held. */
  get bytesHeld(): number {
    return this.#held;
  }

  /** See {@linkcode ManagedStore.get}. */
  async get(key: string, options?: GetOptions): Promise<StoredObject | undefined> {
    const object = await this.#store.get(key, options);
    if (object === undefined) this.#forget(key);
    else this.#use(key, object.size);
    return object;
  }

  /** Counts an object as used now: for those who read it past this store. */
  used(key: string): void {
    const size = this.#sizes.get(key);
    if (size !== undefined) this.#use(key, size);
  }

  /** See {@linkcode ManagedStore.head}. */
  head(key: string, options?: { signal?: AbortSignal }): Promise<StoredObjectInfo | undefined> {
    return this.#store.head(key, options);
  }

  /**
   * See {@linkcode ManagedStore.put}.
   *
   * @throws {BrecciaError} `storage-full` when what must stay leaves no room.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<string> {
    return this.#inTurn(async () => {
      const excess = this.#held + bytes.length - (this.#sizes.get(key) ?? 0) - this.#options.bytes;
      if (!await this.#evict(excess, key)) {
        throw new BrecciaError(
          "storage-full",
          `Cannot store ${key}: what must stay takes the quota of ${this.#options.bytes} bytes; ` +
            `raise --quota, or let content be brought on demand`,
        );
      }
      const etag = await this.#store.put(key, bytes, options);
      this.#use(key, bytes.length);
      return etag;
    });
  }

  /** See {@linkcode ManagedStore.list}. */
  list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoredObjectInfo> {
    return this.#store.list(prefix, options);
  }

  /** See {@linkcode ManagedStore.delete}. */
  delete(key: string, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#inTurn(() => this.#remove(key, options));
  }

  async #remove(key: string, options?: { signal?: AbortSignal }): Promise<void> {
    await this.#store.delete(key, options);
    this.#forget(key);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Removes `excess` bytes or more, or nothing and returns false when so much can't go. */
  async #evict(excess: number, except?: string): Promise<boolean> {
    const leaving: string[] = [];
    for (const [key, size] of this.#sizes) {
      if (excess <= 0) break;
      if (key === except || !this.#options.isEvictable(key)) continue;
      leaving.push(key);
      excess -= size;
    }
    if (excess > 0) return false;
    for (const key of leaving) await this.#remove(key);
    return true;
  }

  #use(key: string, size: number): void {
    this.#forget(key);
    this.#sizes.set(key, size);
    this.#held += size;
  }

  #forget(key: string): void {
    this.#held -= this.#sizes.get(key) ?? 0;
    this.#sizes.delete(key);
  }
}
