/**
 * Objects as files of one directory, for Deno and Node: a published repository, whose keys are the paths of
 * its files, or the store of an edge with up to millions of objects (docs/adr/0022-files-in-shards.md).
 *
 * @module
 */

import { lstat, mkdir, type open, rm } from "node:fs/promises";
import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { BrecciaError } from "../../src/errors.ts";
import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../../src/ports/mod.ts";
import { AtomicFiles } from "./atomic_files.ts";
import { keysBelow } from "./file_keys.ts";
import { type FileLayout, type KeyPaths, pathsOf } from "./file_layout.ts";
import { checkObjectKey, checkObjectSize, isObjectKey, storageConflict } from "./object_key.ts";
import { openToRead, withFile } from "./open_file.ts";
import { moveIntoShards } from "./shard_files.ts";
import { storageError } from "./storage_error.ts";

/**
 * Up to this length an object's etag is its SHA-256; a longer one's is taken from the file's status.
 * Conditional writes are for small pointers, and hashing a large object for every read is not O(1).
 */
const HASHED_ETAG_BYTES = 64 * 1024;

/** Sizes of files that are asked for together. */
const STATS_AT_ONCE = 32;

/**
 * A store in a directory. Several processes may share it. Objects are found in either layout; `layout` says
 * in which new ones are written.
 */
export class FileStore implements ManagedStore {
  readonly #root: string;
  readonly #layout: FileLayout;
  readonly #files: AtomicFiles;

  /** Uses the directory `root`, which the first write creates. The layout is `flat` unless it is given. */
  constructor(root: string, options: { readonly layout?: FileLayout } = {}) {
    this.#root = root;
    this.#layout = options.layout ?? "flat";
    this.#files = new AtomicFiles(root);
  }

  /** See {@linkcode ManagedStore.get}. Reads no more of the file than was asked for. */
  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    options.signal?.throwIfAborted();
    return await this.#find(key, (path) =>
      withFile(openToRead(path), async (file) => {
        const status = await file.stat({ bigint: true });
        if (!isObject(status, path)) return undefined;
        const size = Number(status.size);
        const { offset, length } = options.range ?? { offset: 0, length: size };
        const whole = size <= HASHED_ETAG_BYTES;
        const read = await readAt(
          file,
          whole ? 0 : offset,
          whole ? size : Math.min(length, size - offset),
        );
        return {
          bytes: whole ? read.slice(offset, offset + length) : read,
          size,
          etag: whole
            ? encodeHex(await sha256(read))
            : `${status.ino.toString(36)}-${status.mtimeNs.toString(36)}-${size.toString(36)}`,
        };
      }));
  }

  /** See {@linkcode ManagedStore.head}. */
  head(key: string): Promise<StoredObjectInfo | undefined> {
    return this.#find(key, async (path) => {
      const status = await lstat(path);
      return isObject(status, path) ? { key, size: status.size } : undefined;
    });
  }

  /** See {@linkcode ManagedStore.put}. */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<string> {
    const [path, elsewhere] = this.#paths(key);
    checkObjectSize(key, bytes);
    options.signal?.throwIfAborted();
    const { ifMatch } = options;
    if (ifMatch === undefined) {
      await this.#files.replace(path, bytes);
    } else {
      await this.#files.locked(path, async () => {
        const before = await this.get(key);
        if ((before?.etag ?? null) !== ifMatch) throw storageConflict(key);
        await this.#files.replace(path, bytes);
      });
    }
    // Until here, and after a crash here, readers who look at both take the one that was just written.
    if (elsewhere !== undefined) await remove(elsewhere);
    return bytes.length <= HASHED_ETAG_BYTES
      ? encodeHex(await sha256(bytes))
      : (await this.get(key, { range: { offset: 0, length: 1 } }))?.etag ?? "";
  }

  /** See {@linkcode ManagedStore.list}. Holds the names of one folder or shard in memory. */
  async *list(
    prefix: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredObjectInfo> {
    for await (const keys of keysBelow(this.#root, prefix)) {
      for (let at = 0; at < keys.length; at += STATS_AT_ONCE) {
        options.signal?.throwIfAborted();
        // What has no legal key is no object: somebody else put it there.
        const asked = keys.slice(at, at + STATS_AT_ONCE).filter(isObjectKey).map((key) =>
          this.head(key)
        );
        for (const info of await Promise.all(asked)) if (info !== undefined) yield info;
      }
    }
  }

  /** See {@linkcode ManagedStore.delete}. */
  async delete(key: string): Promise<void> {
    checkObjectKey(key);
    // Files move from the flat layout into shards meanwhile, never back.
    const [flat, sharded] = pathsOf(this.#root, key, "flat");
    await remove(flat);
    if (sharded !== undefined) await remove(sharded);
  }

  /** Creates the directory and removes what crashed writers left in its staging folder. */
  async open(): Promise<void> {
    try {
      await mkdir(this.#root, { recursive: true, mode: 0o755 });
    } catch (cause) {
      throw storageError(cause, "create", this.#root);
    }
    await this.#files.sweepStaging();
  }

  /**
   * Moves the files of the keys that `isOwn` names, where they were written flat, into shards. It may be stopped at any instant, and others may read and write
   * meanwhile. What can't be moved, on a file system that is read-only or has no hard links, stays and is
   * read where it lies.
   */
  async shard(isOwn: (key: string) => boolean): Promise<void> {
    try {
      await moveIntoShards(this.#root, isOwn);
    } catch {
      // Nothing is lost: either place is read.
    }
  }

  #paths(key: string): KeyPaths {
    checkObjectKey(key);
    return pathsOf(this.#root, key, this.#layout);
  }

  /** What `read` makes of the file of `key`, in whichever layout it lies. */
  async #find<T>(
    key: string,
    read: (path: string) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const [path, elsewhere] = this.#paths(key);
    // The first is looked at twice: the file may move there while the second is looked at.
    for (const place of elsewhere === undefined ? [path] : [path, elsewhere, path]) {
      try {
        return await read(place);
      } catch (cause) {
        if (!isAbsence(cause)) throw storageError(cause, "read", place);
      }
    }
    return undefined;
  }
}

/** False for a folder, which is no object; a link or a pipe is neither, and never followed or waited for. */
function isObject(
  status: { isFile(): boolean; isDirectory(): boolean },
  path: string,
): boolean {
  if (status.isFile()) return true;
  if (status.isDirectory()) return false;
  throw new BrecciaError(
    "storage-corrupt",
    `Cannot read ${path}: it is a link, pipe or device where a file belongs; put the file there`,
  );
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    if (!isAbsence(cause)) throw storageError(cause, "delete", path);
  }
}

async function readAt(
  file: Awaited<ReturnType<typeof open>>,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.max(length, 0));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) return bytes.slice(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

function isAbsence(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
