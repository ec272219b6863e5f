/**
 * Objects in an R2 bucket, through the binding of a Cloudflare Worker.
 *
 * @module
 */

import { BrecciaError, isBrecciaError } from "../../src/errors.ts";
import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";
import { checkObjectKey, checkObjectSize, isObjectKey, storageConflict } from "./object_key.ts";

/** The part of Cloudflare's `R2Object` that is used. */
export interface R2Object {
  /** Its key. */
  readonly key: string;
  /** Its length in bytes. */
  readonly size: number;
  /** Opaque version of its content. */
  readonly etag: string;
}

/** The part of Cloudflare's `R2Bucket` that is used. */
export interface R2Bucket {
  /** The object, or the part of it that `range` names; `null` when there is none. */
  get(
    key: string,
    options?: { range?: { offset: number; length: number } },
  ): Promise<(R2Object & { arrayBuffer(): Promise<ArrayBuffer> }) | null>;
  /** What is known of the object without reading it. */
  head(key: string): Promise<R2Object | null>;
  /** Stores an object; `null` when a condition was not met. */
  put(
    key: string,
    value: Uint8Array,
    options?: { onlyIf?: { etagMatches: string } | { etagDoesNotMatch: string } },
  ): Promise<R2Object | null>;
  /** One page of objects in key order. */
  list(options: { prefix: string; cursor?: string }): Promise<{
    readonly objects: readonly R2Object[];
    readonly truncated: boolean;
    readonly cursor?: string;
  }>;
  /** Removes an object. */
  delete(key: string): Promise<void>;
}

/**
 * A store in an R2 bucket. Each operation is one call of the binding; a ranged read is two, since R2
 * refuses some ranges that the contract answers.
 */
export class R2Store implements ManagedStore {
  readonly #bucket: R2Bucket;

  /** Uses the bucket of a binding. */
  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  /** See {@linkcode ManagedStore.get}. */
  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    checkObjectKey(key);
    const { range, signal } = options;
    return await attempt("read", key, signal, async () => {
      if (range === undefined) return await this.#read(key);
      const info = await this.#bucket.head(key);
      if (info === null) return undefined;
      const length = Math.min(range.length, info.size - range.offset);
      if (length <= 0) return { bytes: new Uint8Array(), size: info.size, etag: info.etag };
      return await this.#read(key, { offset: range.offset, length });
    });
  }

  /** See {@linkcode ManagedStore.head}. */
  async head(
    key: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<StoredObjectInfo | undefined> {
    checkObjectKey(key);
    const info = await attempt("read", key, options.signal, () => this.#bucket.head(key));
    return info === null ? undefined : { key, size: info.size };
  }

  /** See {@linkcode ManagedStore.put}. */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<string> {
    checkObjectKey(key);
    checkObjectSize(key, bytes);
    const condition = conditionOf(options.ifMatch);
    const written = await attempt(
      "write",
      key,
      options.signal,
      () => this.#bucket.put(key, bytes, condition),
    );
    if (written === null) throw storageConflict(key);
    return written.etag;
  }

  /** See {@linkcode ManagedStore.list}. One call for each 1,000 objects. */
  async *list(
    prefix: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredObjectInfo> {
    for (let cursor: string | undefined, more = true; more;) {
      const page = await attempt(
        "list",
        prefix,
        options.signal,
        () => this.#bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) }),
      );
      for (const { key, size } of page.objects) if (isObjectKey(key)) yield { key, size };
      cursor = page.cursor;
      more = page.truncated;
    }
  }

  /** See {@linkcode ManagedStore.delete}. */
  async delete(key: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    checkObjectKey(key);
    await attempt("delete", key, options.signal, () => this.#bucket.delete(key));
  }

  async #read(
    key: string,
    range?: { offset: number; length: number },
  ): Promise<StoredObject | undefined> {
    const object = await this.#bucket.get(key, range === undefined ? {} : { range });
    if (object === null) return undefined;
    const bytes = new Uint8Array(await object.arrayBuffer());
    return { bytes, size: object.size, etag: object.etag };
  }
}

function conditionOf(ifMatch: string | null | undefined): Parameters<R2Bucket["put"]>[2] {
  if (ifMatch === undefined) return {};
  if (ifMatch === null) return { onlyIf: { etagDoesNotMatch: "*" } };
  return { onlyIf: { etagMatches: ifMatch } };
}

/** Runs a call of the binding, which can't be cancelled: a signal is heard before and after it. */
async function attempt<T>(
  verb: string,
  key: string,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  try {
    signal?.throwIfAborted();
    const result = await call();
    if (verb !== "write") signal?.throwIfAborted();
    return result;
  } catch (cause) {
    if (signal?.aborted) {
      throw new BrecciaError("cancelled", `Cannot ${verb} ${key}: it was cancelled`, { cause });
    }
    if (isBrecciaError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message.replaceAll(/\s+/g, " ") : String(cause);
    throw new BrecciaError(
      "storage-failed",
      `Cannot ${verb} ${key} in the R2 bucket: ${why}; try again later`,
      { cause },
    );
  }
}
