/**
 * File trees in directories of this machine, for Deno and Node.
 *
 * @module
 */

import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rm,
  symlink,
} from "node:fs/promises";
import { constants } from "node:fs";
import { dirname, join } from "node:path";
import { BrecciaError } from "../src/errors.ts";
import { checkPath } from "../src/index/mod.ts";
import type {
  TreeDirectory,
  TreeEntry,
  TreeFile,
  TreeLink,
  TreeReader,
  TreeWriter,
} from "../src/ports/mod.ts";
import { storageError } from "./storage_error.ts";

/** Permission bits that a release records; set-id and sticky bits never travel. */
const RECORDED_MODE = 0o777;

/** Reads a directory of this machine as a tree. Links are read, never followed. */
export class DirectoryTreeReader implements TreeReader {
  readonly #root: string;
  #open: { path: string; handle: Promise<FileHandle | undefined> } | undefined;

  /** Reads the tree below `root`. */
  constructor(root: string) {
    this.#root = root;
  }

  /** See {@linkcode TreeReader.entries}. */
  async *entries(): AsyncGenerator<TreeEntry> {
    yield* this.#walk("");
  }

  async *#walk(folder: string): AsyncGenerator<TreeEntry> {
    const names = await readdir(join(this.#root, folder)).catch((cause) => {
      throw storageError(cause, "read the directory", join(this.#root, folder));
    });
    for (const name of names.sort()) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const full = join(this.#root, path);
      const status = await lstat(full).catch((cause) => {
        throw storageError(cause, "read", full);
      });
      const mode = status.mode & RECORDED_MODE;
      if (status.isDirectory()) {
        yield { kind: "directory", path, mode };
        yield* this.#walk(path);
      } else if (status.isFile()) {
        yield { kind: "file", path, mode, size: status.size };
      } else if (status.isSymbolicLink()) {
        yield { kind: "link", path, target: await readlink(full) };
      } else {
        throw new BrecciaError(
          "tree-unsupported",
          `Cannot release ${full}: it is a device, pipe or socket; remove it from the build`,
        );
      }
    }
  }

  /** See {@linkcode TreeReader.read}. The file read last stays open for the next read. */
  async read(path: string, offset: number, into: Uint8Array): Promise<number> {
    if (this.#open?.path !== path) {
      await this.close();
      this.#open = { path, handle: openForReading(join(this.#root, path)) };
    }
    const handle = await this.#open?.handle;
    if (handle === undefined) return 0;
    let filled = 0;
    while (filled < into.length) {
      const { bytesRead } = await handle.read(into, filled, into.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  /** See {@linkcode TreeReader.close}. */
  async close(): Promise<void> {
    const handle = await this.#open?.handle;
    this.#open = undefined;
    await handle?.close();
  }
}

/** `undefined` for what is missing or no regular file: it reads as nothing, and a hash will tell. */
async function openForReading(full: string): Promise<FileHandle | undefined> {
  try {
    return await open(full, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "EISDIR") {
      return undefined;
    }
    throw storageError(cause, "read", full);
  }
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly entry: TreeFile;
}

/** Writes a tree into a new directory of this machine; every file and directory is synced to disk. */
export class DirectoryTreeWriter implements TreeWriter {
  readonly #root: string;
  readonly #directories: TreeDirectory[] = [];
  #started = false;
  #file: OpenFile | undefined;

  /** Writes below `root`, which must not exist yet; its parent must. */
  constructor(root: string) {
    this.#root = root;
  }

  /** See {@linkcode TreeWriter.directory}. Modes are set at the end: a read-only one can be filled. */
  async directory(entry: TreeDirectory): Promise<void> {
    await this.#attempt(entry.path, async (full) => {
      await mkdir(full, { mode: 0o700 });
      this.#directories.push(entry);
    });
  }

  /** See {@linkcode TreeWriter.link}. */
  async link(entry: TreeLink): Promise<void> {
    await this.#attempt(entry.path, (full) => symlink(entry.target, full));
  }

  /** See {@linkcode TreeWriter.file}. */
  async file(entry: TreeFile): Promise<void> {
    await this.#attempt(entry.path, async (full) => {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL |
        constants.O_NOFOLLOW;
      this.#file = { handle: await open(full, flags, 0o600), entry };
    });
  }

  /** See {@linkcode TreeWriter.write}. */
  async write(bytes: Uint8Array): Promise<void> {
    const { handle, entry } = this.#file as OpenFile;
    try {
      for (let written = 0; written < bytes.length;) {
        written += (await handle.write(bytes, written)).bytesWritten;
      }
    } catch (cause) {
      throw storageError(cause, "write", join(this.#root, entry.path));
    }
  }

  /** See {@linkcode TreeWriter.finish}. */
  async finish(): Promise<void> {
    await this.#start();
    await this.#closeFile();
    for (const entry of this.#directories.toReversed()) {
      const full = join(this.#root, entry.path);
      await syncDirectory(full, entry.mode);
    }
    await syncDirectory(this.#root);
    await syncDirectory(dirname(this.#root));
  }

  /** See {@linkcode TreeWriter.interrupt}. */
  async interrupt(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  /** See {@linkcode TreeWriter.discard}. */
  async discard(): Promise<void> {
    await this.interrupt();
    await rm(this.#root, { recursive: true, force: true });
  }

  async #attempt(path: string, action: (full: string) => Promise<void>): Promise<void> {
    checkPath(path);
    await this.#start();
    await this.#closeFile();
    const full = join(this.#root, path);
    try {
      await action(full);
    } catch (cause) {
      throw storageError(cause, "write", full);
    }
  }

  async #start(): Promise<void> {
    if (this.#started) return;
    try {
      await mkdir(this.#root, { mode: 0o755 });
    } catch (cause) {
      throw storageError(cause, "create", this.#root);
    }
    this.#started = true;
  }

  async #closeFile(): Promise<void> {
    if (this.#file === undefined) return;
    const { handle, entry } = this.#file;
    this.#file = undefined;
    try {
      await handle.chmod(entry.mode);
      await handle.sync();
    } catch (cause) {
      throw storageError(cause, "write", join(this.#root, entry.path));
    } finally {
      await handle.close();
    }
  }
}

/** Makes a directory's entries durable, and sets its final mode. */
async function syncDirectory(full: string, mode?: number): Promise<void> {
  try {
    const handle = await open(full, constants.O_RDONLY);
    try {
      if (mode !== undefined) await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw storageError(cause, "sync", full);
  }
}
