import { BrecciaError, type ErrorCode, isBrecciaError } from "../../src/errors.ts";
import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";

/** A change of the store, which a thread leaves to the leading one. */
export type StoreChange =
  | {
    readonly act: "put";
    readonly key: string;
    readonly bytes: Uint8Array;
    readonly ifMatch?: string | null | undefined;
  }
  | { readonly act: "delete"; readonly key: string };

/** How it ended: with the tag of what was put. */
export type ChangeOutcome =
  | { readonly etag: string }
  | { readonly code: ErrorCode; readonly message: string };

/** What a thread says to the leading one about the store. */
export type StoreMessage =
  | { readonly type: "change"; readonly id: number; readonly change: StoreChange }
  | { readonly type: "used"; readonly key: string };

/** Makes a change that a thread asked for. Never throws: how it ended is for that thread. */
export async function makeChange(store: ManagedStore, change: StoreChange): Promise<ChangeOutcome> {
  try {
    if (change.act === "delete") {
      await store.delete(change.key);
      return { etag: "" };
    }
    const { key, bytes, ifMatch } = change;
    return { etag: await store.put(key, bytes, ifMatch === undefined ? {} : { ifMatch }) };
  } catch (error) {
    if (isBrecciaError(error)) return { code: error.code, message: error.message };
    const message = `Cannot change ${change.key}: a defect of Breccia stopped it: ${String(error)}`;
    return { code: "internal", message };
  }
}

/**
 * The store of a thread where another one keeps a quota: it reads for itself, and leaves every change to that
 * thread, which also hears what is used.
 */
export class PrimaryBackedStore implements ManagedStore {
  readonly #store: ManagedStore;
  readonly #post: (message: StoreMessage) => void;
  readonly #waiting = new Map<number, (outcome: ChangeOutcome) => void>();
  #asked = 0;

  /** Reads from `store`; `post` tells the leading thread. */
  constructor(store: ManagedStore, post: (message: StoreMessage) => void) {
    this.#store = store;
    this.#post = post;
  }

  /** See {@linkcode ManagedStore.get}. */
  async get(key: string, options?: GetOptions): Promise<StoredObject | undefined> {
    const object = await this.#store.get(key, options);
    if (object !== undefined) this.#post({ type: "used", key });
    return object;
  }

  /** See {@linkcode ManagedStore.head}. */
  head(key: string, options?: { signal?: AbortSignal }): Promise<StoredObjectInfo | undefined> {
    return this.#store.head(key, options);
  }

  /** See {@linkcode ManagedStore.put}. */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    return await this.#change({ act: "put", key, bytes, ifMatch: options.ifMatch });
  }

  /** See {@linkcode ManagedStore.list}. */
  list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoredObjectInfo> {
    return this.#store.list(prefix, options);
  }

  /** See {@linkcode ManagedStore.delete}. */
  async delete(key: string): Promise<void> {
    await this.#change({ act: "delete", key });
  }

  /** Takes the outcome of the change `id`. */
  changed(id: number, outcome: ChangeOutcome): void {
    this.#waiting.get(id)?.(outcome);
    this.#waiting.delete(id);
  }

  async #change(change: StoreChange): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<ChangeOutcome>();
    this.#waiting.set(++this.#asked, resolve);
    this.#post({ type: "change", id: this.#asked, change });
    const outcome = await promise;
    if ("etag" in outcome) return outcome.etag;
    throw new BrecciaError(outcome.code, outcome.message);
  }
}
