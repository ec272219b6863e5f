/**
 * Objects in a bucket of an S3-compatible service: the store that many stateless edges share.
 *
 * The service must enforce `If-Match` and `If-None-Match` on PUT (AWS S3, Cloudflare R2, Ceph, MinIO do):
 * the pointer moves by them. Nothing is retried here: see `retry.ts`.
 *
 * @module
 */

import { BrecciaError } from "../../../src/errors.ts";
import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../../src/ports/mod.ts";
import { checkObjectKey, checkObjectSize, isObjectKey } from "../object_key.ts";
import { type S3Answer, S3Bucket, type S3BucketOptions } from "./s3_bucket.ts";
import { MULTIPART_FROM_BYTES, uploadInParts } from "./s3_upload.ts";
import { readListPage } from "./s3_xml.ts";

export type { S3BucketOptions } from "./s3_bucket.ts";
export type { S3Credentials } from "./s3_signature.ts";

/** How an {@linkcode S3Store} is made. */
export interface S3StoreOptions extends S3BucketOptions {
  /** Stands before every key in the bucket, without a slash at its end. Default none. */
  readonly prefix?: string;
}

/** A store in a bucket. Any number of processes may share it. */
export class S3Store implements ManagedStore {
  readonly #bucket: S3Bucket;
  readonly #prefix: string;

  /** Uses a bucket, which must exist; sends nothing. */
  constructor(options: S3StoreOptions) {
    if (options.prefix) checkObjectKey(options.prefix);
    this.#bucket = new S3Bucket(options);
    this.#prefix = options.prefix ? `${options.prefix}/` : "";
  }

  /** Requests sent so far. */
  get requests(): number {
    return this.#bucket.requests;
  }

  /** See {@linkcode ManagedStore.get}. One request; two for a range past the end. */
  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const { range, signal } = options;
    const answer = await this.#bucket.send({
      verb: "read",
      method: "GET",
      key: this.#keyInBucket(key),
      ...(range === undefined ? {} : { range }),
      accepts416: true,
      signal,
    });
    if (answer.status === 404) return undefined;
    if (answer.status === 416) {
      const info = await this.#inspect(key, signal);
      return info && { ...info, bytes: new Uint8Array() };
    }
    const etag = etagOf(answer);
    if (range === undefined) return { bytes: answer.bytes, size: answer.bytes.length, etag };
    if (answer.status === 206) {
      const size = Number(/\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1]);
      return { bytes: answer.bytes, size, etag };
    }
    // The service sent all of it, as HTTP allows.
    const part = answer.bytes.slice(range.offset, range.offset + range.length);
    return { bytes: part, size: answer.bytes.length, etag };
  }

  /** See {@linkcode ManagedStore.head}. One request. */
  async head(
    key: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<StoredObjectInfo | undefined> {
    const found = await this.#inspect(key, options.signal);
    return found && { key, size: found.size };
  }

  /**
   * See {@linkcode ManagedStore.put}. One request up to 16 MiB, and for every conditional write; a longer
   * object goes up in parts of 8 MiB.
   */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<string> {
    checkObjectSize(key, bytes);
    const { ifMatch, signal } = options;
    const keyInBucket = this.#keyInBucket(key);
    if (ifMatch === undefined && bytes.length > MULTIPART_FROM_BYTES) {
      await uploadInParts(this.#bucket, keyInBucket, bytes, signal);
      // Ceph leaves the tag of such an upload empty in its answer.
      return (await this.#inspect(key, signal))?.etag ?? "";
    }
    const answer = await this.#bucket.send({
      verb: "write",
      method: "PUT",
      key: keyInBucket,
      headers: conditionHeaders(ifMatch),
      body: bytes,
      signal,
    });
    return etagOf(answer);
  }

  /** See {@linkcode ManagedStore.list}. One request for each 1,000 objects. */
  async *list(
    prefix: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredObjectInfo> {
    for (let token: string | undefined, more = true; more;) {
      const answer = await this.#bucket.send({
        verb: "list",
        method: "GET",
        query: {
          "list-type": "2",
          prefix: this.#prefix + prefix,
          ...(token === undefined ? {} : { "continuation-token": token }),
        },
        signal: options.signal,
      });
      const page = readListPage(new TextDecoder().decode(answer.bytes));
      for (const { key, size } of page.objects) {
        const own = key.slice(this.#prefix.length);
        // What another program put there has no name that a store could be asked for.
        if (key.startsWith(this.#prefix + prefix) && isObjectKey(own)) yield { key: own, size };
      }
      token = page.next;
      more = token !== undefined;
    }
  }

  /** See {@linkcode ManagedStore.delete}. One request. */
  async delete(key: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#bucket.send({
      verb: "delete",
      method: "DELETE",
      key: this.#keyInBucket(key),
      signal: options.signal,
    });
  }

  async #inspect(
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<{ size: number; etag: string } | undefined> {
    const answer = await this.#bucket.send({
      verb: "read",
      method: "HEAD",
      key: this.#keyInBucket(key),
      signal,
    });
    if (answer.status === 404) return undefined;
    return { size: Number(answer.headers.get("content-length")), etag: etagOf(answer) };
  }

  #keyInBucket(key: string): string {
    checkObjectKey(key);
    return this.#prefix + key;
  }
}

function conditionHeaders(ifMatch: string | null | undefined): Record<string, string> {
  if (ifMatch === undefined) return {};
  return ifMatch === null ? { "if-none-match": "*" } : { "if-match": ifMatch };
}

/**
 * The tag without its quotes: bare is how AWS documents `If-Match`, and all that Ceph takes.
 *
 * @throws {BrecciaError} `storage-failed` when there is none: no write could be bound to it.
 */
function etagOf(answer: S3Answer): string {
  const etag = answer.headers.get("etag")?.replaceAll('"', "");
  if (etag) return etag;
  throw new BrecciaError(
    "storage-failed",
    "Cannot use the bucket's answer: it has no ETag; check what stands between this machine and it",
  );
}
