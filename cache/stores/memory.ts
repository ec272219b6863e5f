/**
 * Objects in memory: for tests, and for edges that start empty and say so.
 *
 * @module
 */

import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { BrecciaError } from "../../src/errors.ts";
import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";
import { checkObjectKey, checkObjectSize, storageConflict } from "./object_key.ts";

interface Held {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/** A store in memory. What it holds ends with the process. */
export class MemoryStore implements ManagedStore {
  readonly #objects = new Map<string, Held>();
  readonly #capacity: number;
  #held = 0;

  /** Holds at most `capacity` bytes; more is `storage-full`. */
  constructor(options: { readonly capacity?: number } = {}) {
    this.#capacity = options.capacity ?? Infinity;
  }

  /** Bytes held. */
  get bytesHeld(): number {
    return this.#held;
  }

  /** See {@linkcode ManagedStore.get}. */
  // deno-lint-ignore require-await -- a refusal is a rejection, as in every other store
  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    checkObjectKey(key);
    options.signal?.throwIfAborted();
    const held = this.#objects.get(key);
    if (held === undefined) return undefined;
    const { offset, length } = options.range ?? { offset: 0, length: held.bytes.length };
    const bytes = held.bytes.slice(offset, offset + length);
    return { bytes, size: held.bytes.length, etag: held.etag };
  }

  /** See {@linkcode ManagedStore.head}. */
  // deno-lint-ignore require-await -- a refusal is a rejection, as in every other store
  async head(key: string): Promise<StoredObjectInfo | undefined> {
    checkObjectKey(key);
    const held = this.#objects.get(key);
    return held && { key, size: held.bytes.length };
  }

  /** See {@linkcode ManagedStore.put}. */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<string> {
    checkObjectKey(key);
    checkObjectSize(key, bytes);
    options.signal?.throwIfAborted();
    const copy = new Uint8Array(bytes);
    const etag = encodeHex(await sha256(copy));
    const before = this.#objects.get(key);
    if (options.ifMatch !== undefined && options.ifMatch !== (before?.etag ?? null)) {
      throw storageConflict(key);
    }
    const held = this.#held - (before?.bytes.length ?? 0) + copy.length;
    if (held > this.#capacity) {
      throw new BrecciaError(
        "storage-full",
        `Cannot store ${key}: memory for ${this.#capacity} bytes is used up; give the store more`,
      );
    }
    this.#held = held;
    this.#objects.set(key, { bytes: copy, etag });
    return etag;
  }

  /** See {@linkcode ManagedStore.list}. */
  async *list(prefix: string): AsyncGenerator<StoredObjectInfo> {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      const info = await this.head(key);
      if (info !== undefined) yield info;
    }
  }

  /** See {@linkcode ManagedStore.delete}. */
  // deno-lint-ignore require-await -- a refusal is a rejection, as in every other store
  async delete(key: string): Promise<void> {
    checkObjectKey(key);
    this.#held -= this.#objects.get(key)?.bytes.length ?? 0;
    this.#objects.delete(key);
  }
}
