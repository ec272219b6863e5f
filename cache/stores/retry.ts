/**
 * Patience for stores behind a network: what may pass is tried again, later and later.
 *
 * @module
 */

import { equalBytes } from "../../src/bytes/mod.ts";
import { isBrecciaError } from "../../src/errors.ts";
import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";

/** How often and how long. */
export interface RetryOptions {
  /** Attempts in all; default 5. */
  readonly attempts?: number;
  /** The longest first pause in milliseconds, doubled for each next one; default 200. */
  readonly firstPause?: number;
  /** No pause is longer, in milliseconds; default 10,000. */
  readonly longestPause?: number;
  /** From 0 to 1: the share of the pause to take. Replicas that failed together return apart. */
  readonly random: () => number;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * Repeats what failed with `storage-failed`; every other error says what no repetition changes. A
 * conditional write is repeated too: when its first answer was lost and the store now reports a conflict
 * with our own bytes, it was written, by us or by another who wrote the same.
 */
export class RetryingStore implements ManagedStore {
  readonly #store: ManagedStore;
  readonly #options: RetryOptions;

  /** Decorates `store`. */
  constructor(store: ManagedStore, options: RetryOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** See {@linkcode ManagedStore.get}. */
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined> {
    return this.#persist(() => this.#store.get(key, options), options?.signal);
  }

  /** See {@linkcode ManagedStore.head}. */
  head(key: string, options?: { signal?: AbortSignal }): Promise<StoredObjectInfo | undefined> {
    return this.#persist(() => this.#store.head(key, options), options?.signal);
  }

  /** See {@linkcode ManagedStore.put}. */
  put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<string> {
    return this.#persist(async (attempt) => {
      try {
        return await this.#store.put(key, bytes, options);
      } catch (error) {
        if (attempt === 1 || !isBrecciaError(error, "storage-conflict")) throw error;
        const held = await this.#store.get(key, options.signal ? { signal: options.signal } : {});
        if (held !== undefined && equalBytes(held.bytes, bytes)) return held.etag;
        throw error;
      }
    }, options.signal);
  }

  /** See {@linkcode ManagedStore.list}. After a failure it begins anew and passes over what was told. */
  async *list(
    prefix: string,
    options?: { signal?: AbortSignal },
  ): AsyncGenerator<StoredObjectInfo> {
    let last = "";
    for (let attempt = 1;; attempt++) {
      try {
        for await (const info of this.#store.list(prefix, options)) {
          if (info.key <= last) continue;
          yield info;
          last = info.key;
          attempt = 1;
        }
        return;
      } catch (error) {
        await this.#pauseOrThrow(error, attempt, options?.signal);
      }
    }
  }

  /** See {@linkcode ManagedStore.delete}. */
  delete(key: string, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#persist(() => this.#store.delete(key, options), options?.signal);
  }

  async #persist<T>(
    act: (attempt: number) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    for (let attempt = 1;; attempt++) {
      try {
        return await act(attempt);
      } catch (error) {
        await this.#pauseOrThrow(error, attempt, signal);
      }
    }
  }

  async #pauseOrThrow(error: unknown, attempt: number, signal?: AbortSignal): Promise<void> {
    const { attempts = 5, firstPause = 200, longestPause = 10_000, random, wait } = this.#options;
    if (attempt >= attempts || !isBrecciaError(error, "storage-failed")) throw error;
    await wait(random() * Math.min(longestPause, firstPause * 2 ** (attempt - 1)), signal);
  }
}
