/**
 * A near store in front of a far one: a replica's own memory or disk before the bucket that all share.
 *
 * @module
 */

import { isBrecciaError } from "../../src/errors.ts";
import type {
  GetOptions,
  Log,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";

/** How a {@linkcode TieredStore} is made. */
export interface TieredStoreOptions {
  /** Holds copies only; it may be emptied at any time, and should be empty at the start. */
  readonly near: ManagedStore;
  /** Holds everything, and alone decides conditions. */
  readonly far: ManagedStore;
  /** Whether the bytes under a key never change. No other object is kept near: it would go stale. */
  readonly isImmutable: (key: string) => boolean;
  /** The longest that all copies may be together, in bytes; what was used longest ago goes first. */
  readonly nearBytes: number;
  /** Told when the near store fails. */
  readonly log: Log;
}

/**
 * Reads immutable objects from the near store once they were read or written here. A near store that
 * fails is logged and passed by: it never fails a read or a write.
 *
 * What another process deletes from the far store may be read here until its copy goes.
 */
export class TieredStore implements ManagedStore {
  readonly #options: TieredStoreOptions;
  /** Sizes of the copies, the one used longest ago first. */
  readonly #copies = new Map<string, number>();
  #bytes = 0;

  /** Puts `near` in front of `far`. */
  constructor(options: TieredStoreOptions) {
    this.#options = options;
  }

  /** See {@linkcode ManagedStore.get}. A ranged read of what is not near goes by: it brings no copy. */
  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const { near, far } = this.#options;
    if (this.#copies.has(key)) {
      const copy = await this.#attempt(key, () => near.get(key, options));
      if (copy !== undefined) {
        this.#use(key, copy.size);
        return copy;
      }
      this.#forget(key);
    }
    const object = await far.get(key, options);
    if (object !== undefined && options.range === undefined) await this.#copy(key, object.bytes);
    return object;
  }

  /** See {@linkcode ManagedStore.head}. */
  async head(
    key: string,
    options?: { signal?: AbortSignal },
  ): Promise<StoredObjectInfo | undefined> {
    const size = this.#copies.get(key);
    return size === undefined ? await this.#options.far.head(key, options) : { key, size };
  }

  /** See {@linkcode ManagedStore.put}. The far store has it before anyone is told. */
  async put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<string> {
    const etag = await this.#options.far.put(key, bytes, options);
    await this.#copy(key, bytes);
    return etag;
  }

  /** See {@linkcode ManagedStore.list}. Lists the far store. */
  list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoredObjectInfo> {
    return this.#options.far.list(prefix, options);
  }

  /** See {@linkcode ManagedStore.delete}. */
  async delete(key: string, options?: { signal?: AbortSignal }): Promise<void> {
    await this.#options.far.delete(key, options);
    await this.#drop(key);
  }

  async #copy(key: string, bytes: Uint8Array): Promise<void> {
    const { near, isImmutable, nearBytes } = this.#options;
    if (!isImmutable(key) || bytes.length > nearBytes) return;
    this.#use(key, bytes.length);
    for (const oldest of [...this.#copies.keys()]) {
      if (this.#bytes <= nearBytes) break;
      await this.#drop(oldest);
    }
    const etag = await this.#attempt(key, () => near.put(key, bytes));
    if (etag === undefined) this.#forget(key);
  }

  async #drop(key: string): Promise<void> {
    if (!this.#copies.has(key)) return;
    this.#forget(key);
    await this.#attempt(key, () => this.#options.near.delete(key));
  }

  #use(key: string, size: number): void {
    this.#forget(key);
    this.#copies.set(key, size);
    this.#bytes += size;
  }

  #forget(key: string): void {
    this.#bytes -= this.#copies.get(key) ?? 0;
    this.#copies.delete(key);
  }

  /** The result, or `undefined` when the near store failed. What the caller did wrong is thrown. */
  async #attempt<T>(key: string, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!isBrecciaError(error) || !error.code.startsWith("storage-")) throw error;
      this.#options.log("warn", "near store failed", { key, code: error.code });
      return undefined;
    }
  }
}
