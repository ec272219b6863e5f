import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
  Tracer,
} from "../../src/ports/mod.ts";

/** A store whose every call is a span. Lists are none: their callers work while they run. */
export class TracedStore implements ManagedStore {
  readonly #store: ManagedStore;
  readonly #tracer: Tracer;

  /** Stands before `store`. */
  constructor(store: ManagedStore, tracer: Tracer) {
    this.#store = store;
    this.#tracer = tracer;
  }

  /** See {@linkcode ManagedStore.get}. */
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined> {
    return this.#tracer.span("breccia.store.get", { "breccia.key": key }, async (span) => {
      const object = await this.#store.get(key, options);
      if (object !== undefined) span.set({ "breccia.bytes": object.bytes.length });
      return object;
    });
  }

  /** See {@linkcode ManagedStore.head}. */
  head(key: string, options?: { signal?: AbortSignal }): Promise<StoredObjectInfo | undefined> {
    const attributes = { "breccia.key": key };
    return this.#tracer.span(
      "breccia.store.head",
      attributes,
      () => this.#store.head(key, options),
    );
  }

  /** See {@linkcode ManagedStore.put}. */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<string> {
    const attributes = { "breccia.key": key, "breccia.bytes": bytes.length };
    return this.#tracer.span(
      "breccia.store.put",
      attributes,
      () => this.#store.put(key, bytes, options),
    );
  }

  /** See {@linkcode ManagedStore.list}. */
  list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoredObjectInfo> {
    return this.#store.list(prefix, options);
  }

  /** See {@linkcode ManagedStore.delete}. */
  delete(key: string, options?: { signal?: AbortSignal }): Promise<void> {
    const attributes = { "breccia.key": key };
    return this.#tracer.span(
      "breccia.store.delete",
      attributes,
      () => this.#store.delete(key, options),
    );
  }
}
