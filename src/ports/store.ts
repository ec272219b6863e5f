/**
 * The contract of object stores: directory, memory, bucket, browser storage. One contract suite
 * (`tests/contract/`) runs over every driver.
 *
 * Keys are `/`-separated segments of `[A-Za-z0-9._~%-]`, at most 512 characters, no empty, `.` or `..`
 * segment; a driver refuses any other with code `usage`. Values are bytes of at most 64 MiB.
 *
 * What a driver promises:
 * - **Atomic**: a reader sees an object whole or not at all, also after a crash in the midst of a put.
 * - **Durable**: when `put` resolves, the object survives the loss of power.
 * - **Read your writes**: a `get` that starts after a `put` resolved sees it, or a later one.
 * - **Honest absence**: "not there" is `undefined`; every failure to know is a throw.
 *
 * Errors: `storage-full`, `storage-read-only`, `storage-denied`, `storage-conflict` (a condition was
 * not met), `storage-corrupt` (the medium has lost this object; a put replaces it) and `storage-failed`
 * (anything else; trying again may help).
 *
 * @module
 */

/** Half-open byte range within an object. */
export interface ByteRange {
  /** First byte. */
  readonly offset: number;
  /** Count of bytes, at least 1. The part past the object's end is not returned. */
  readonly length: number;
}

/** An object as it was read. */
export interface StoredObject {
  /** The bytes asked for. The caller owns them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Length of the whole object in bytes. */
  readonly size: number;
  /** Opaque version of the content; equal tags mean equal bytes. */
  readonly etag: string;
}

/** What is known of an object without reading it. */
export interface StoredObjectInfo {
  /** Its key. */
  readonly key: string;
  /** Its length in bytes. */
  readonly size: number;
}

/** Options of a read. */
export interface GetOptions {
  /** Reads only this part. */
  readonly range?: ByteRange;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** Options of a write. */
export interface PutOptions {
  /**
   * Writes only when the stored object has this etag; `null` means only when there is none.
   * Otherwise throws `storage-conflict` and leaves the object as it is. Of several who write the same
   * bytes at once, more than one may be told that it did.
   */
  readonly ifMatch?: string | null;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** Reads objects. */
export interface ObjectSource {
  /** The object under `key`, or `undefined` when there is none. */
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined>;
  /** Size of the object under `key`, or `undefined` when there is none. */
  head(key: string, options?: { signal?: AbortSignal }): Promise<StoredObjectInfo | undefined>;
}

/** Reads and writes objects. */
export interface ObjectStore extends ObjectSource {
  /** Stores `bytes` under `key`, replacing what was there; returns the new etag. */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<string>;
}

/** A store that can also be listed and swept. */
export interface ManagedStore extends ObjectStore {
  /** Every object whose key begins with `prefix`, in key order; objects put meanwhile may be missing. */
  list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoredObjectInfo>;
  /** Removes the object; absence is no error. */
  delete(key: string, options?: { signal?: AbortSignal }): Promise<void>;
}
