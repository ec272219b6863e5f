/**
 * Objects as files of one directory, for Deno and Node: the store of an edge on one machine. A key is
 * the path of its file, so any other server can hand the same directory out.
 *
 * @module
 */

import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { encodeHex, sha256 } from "../src/bytes/mod.ts";
import type {
  GetOptions,
  ManagedStore,
  PutOptions,
  StoredObject,
  StoredObjectInfo,
} from "../src/ports/mod.ts";
import { AtomicFiles, STAGING_FOLDER } from "./atomic_files.ts";
import { checkObjectKey, checkObjectSize, storageConflict } from "./object_key.ts";
import { withFile } from "./open_file.ts";
import { storageError } from "./storage_error.ts";

/**
 * Up to this length an object's etag is its SHA-256; a longer one's is taken from the file's status.
 * Conditional writes are for small pointers, and hashing a large object for every read is not O(1).
 */
const HASHED_ETAG_BYTES = 64 * 1024;

/** A store in a directory. Several processes may share it. */
export class FileStore implements ManagedStore {
  readonly #root: string;
  readonly #files: AtomicFiles;

  /** Uses the directory `root`, which the first write creates. */
  constructor(root: string) {
    this.#root = root;
    this.#files = new AtomicFiles(root);
  }

  /** See {@linkcode ManagedStore.get}. Reads no more of the file than was asked for. */
  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const path = this.#path(key);
    options.signal?.throwIfAborted();
    try {
      return await withFile(open(path, "r"), async (file) => {
        const status = await file.stat({ bigint: true });
        if (!status.isFile()) return undefined;
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
      });
    } catch (cause) {
      if (isAbsence(cause)) return undefined;
      throw storageError(cause, "read", path);
    }
  }

  /** See {@linkcode ManagedStore.head}. */
  async head(key: string): Promise<StoredObjectInfo | undefined> {
    const path = this.#path(key);
    try {
      const status = await stat(path);
      return status.isFile() ? { key, size: status.size } : undefined;
    } catch (cause) {
      if (isAbsence(cause)) return undefined;
      throw storageError(cause, "read", path);
    }
  }

  /** See {@linkcode ManagedStore.put}. */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<string> {
    const path = this.#path(key);
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
    return bytes.length <= HASHED_ETAG_BYTES
      ? encodeHex(await sha256(bytes))
      : (await this.get(key, { range: { offset: 0, length: 1 } }))?.etag ?? "";
  }

  /** See {@linkcode ManagedStore.list}. */
  async *list(
    prefix: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredObjectInfo> {
    yield* this.#walk("", prefix, options.signal);
  }

  /** See {@linkcode ManagedStore.delete}. */
  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    try {
      await rm(path, { force: true });
    } catch (cause) {
      if (!isAbsence(cause)) throw storageError(cause, "delete", path);
    }
  }

  /** Creates the directory and removes what crashed writers left in its staging folder. */
  async open(): Promise<void> {
    try {
      await mkdir(this.#root, { recursive: true });
    } catch (cause) {
      throw storageError(cause, "create", this.#root);
    }
    await this.#files.sweepStaging();
  }

  #path(key: string): string {
    checkObjectKey(key);
    return join(this.#root, ...key.split("/").map(fileName));
  }

  /** In key order: a folder sorts as its name with the slash that follows it in keys. */
  async *#walk(
    folder: string,
    prefix: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StoredObjectInfo> {
    const names = await namesIn(join(this.#root, folder));
    for (let at = 0; at < names.length;) {
      signal?.throwIfAborted();
      const path = folder + names[at];
      if (path.endsWith("/")) {
        at++;
        if (path === `${STAGING_FOLDER}/`) continue;
        const key = keyOf(path);
        if (key.startsWith(prefix) || prefix.startsWith(key)) {
          yield* this.#walk(path, prefix, signal);
        }
        continue;
      }
      const run: string[] = [];
      for (; at < names.length && run.length < STATS_AT_ONCE; at++) {
        const name = names[at] as string;
        if (name.endsWith("/")) break;
        const key = keyOf(folder + name);
        if (key.startsWith(prefix)) run.push(key);
      }
      for (const info of await Promise.all(run.map((key) => this.head(key)))) {
        if (info !== undefined) yield info;
      }
    }
  }
}

/** Sizes of files that are asked for together. */
const STATS_AT_ONCE = 32;

/** What lies in a folder, in key order, folders with a slash at their end; nothing when it is not there. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.map((entry) => entry.isDirectory() ? `${entry.name}/` : entry.name).sort();
  } catch (cause) {
    if (isAbsence(cause)) return [];
    throw storageError(cause, "list", folder);
  }
}

function keyOf(path: string): string {
  return path.replaceAll(LONG_SEGMENT_JOINT, "");
}

/** File systems end names at 255 bytes; a longer segment continues in a folder marked by `+`. */
const SEGMENT_BYTES = 200;
const LONG_SEGMENT_JOINT = "+/";

function fileName(segment: string): string {
  return (segment.match(new RegExp(`.{1,${SEGMENT_BYTES}}`, "g")) as string[])
    .join(LONG_SEGMENT_JOINT);
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
