import { hasNamedDigest } from "../../src/mirror/content/named_digest.ts";
import { isPointerKey } from "../../src/mirror/state/store_layout.ts";
import type {
  Clock,
  GetOptions,
  ObjectStore,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";

/** All copies together, in bytes: a Worker has 128 MB, of which requests need most. */
const KEPT_BYTES = 24 * 1024 * 1024;

/** Nothing longer is kept, in bytes: packs are answered from the Cache API. */
const OBJECT_BYTES = 4 * 1024 * 1024;

/** How long the pointer is believed, in milliseconds: as long as caches may believe a timestamp. */
const POINTER_MILLISECONDS = 5000;

const KEPT_KEY = /^(?:metadata|targets)\/(?:[0-9a-f]{64}|[0-9a-f]{128})$/;

/**
 * What a Worker's isolate remembers between requests: metadata, indexes and small targets, each hashed
 * before it is kept, and for some seconds the pointers to the current generations. It holds bytes only and
 * never a promise: workerd lets no request wait for what another one began.
 */
export class IsolateMemory {
  readonly #clock: Clock;
  /** In order of use, the oldest first. */
  readonly #kept = new Map<string, StoredObject>();
  #bytes = 0;
  readonly #pointers = new Map<string, { readonly object: StoredObject; readonly until: number }>();

  /** Remembers nothing yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * `store` behind this memory, for those who serve. Who changes the store must see what is there: a mirror
   * pass uses the store itself.
   */
  before(store: ObjectStore): ObjectStore {
    return {
      get: (key, options) => this.#get(store, key, options),
      head: (key, options) => this.#head(store, key, options),
      put: (key, bytes, options) => store.put(key, bytes, options),
    };
  }

  async #get(
    store: ObjectStore,
    key: string,
    options: GetOptions = {},
  ): Promise<StoredObject | undefined> {
    if (options.range !== undefined) return await store.get(key, options);
    const known = isPointerKey(key) ? this.#recentPointer(key) : this.#use(key);
    if (known !== undefined) return copyOf(known);
    const object = await store.get(key, options);
    if (object === undefined) return undefined;
    if (isPointerKey(key)) {
      const until = this.#clock.now() + POINTER_MILLISECONDS;
      this.#pointers.set(key, { object: copyOf(object), until });
    } else if (
      KEPT_KEY.test(key) && object.size <= OBJECT_BYTES && await hasNamedDigest(key, object.bytes)
    ) this.#keep(key, copyOf(object));
    return object;
  }

  async #head(
    store: ObjectStore,
    key: string,
    options: { signal?: AbortSignal } | undefined,
  ): Promise<StoredObjectInfo | undefined> {
    const kept = this.#use(key);
    return kept === undefined ? await store.head(key, options) : { key, size: kept.size };
  }

  #recentPointer(key: string): StoredObject | undefined {
    const recent = this.#pointers.get(key);
    return recent && recent.until > this.#clock.now() ? recent.object : undefined;
  }

  #use(key: string): StoredObject | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  #keep(key: string, object: StoredObject): void {
    // Two requests may have read it at the same time.
    this.#bytes -= this.#kept.get(key)?.size ?? 0;
    this.#kept.set(key, object);
    this.#bytes += object.size;
    for (const [oldest, { size }] of this.#kept) {
      if (this.#bytes <= KEPT_BYTES) return;
      this.#kept.delete(oldest);
      this.#bytes -= size;
    }
  }
}

/** Whoever reads an object owns its bytes. */
function copyOf(object: StoredObject): StoredObject {
  return { ...object, bytes: object.bytes.slice() };
}
