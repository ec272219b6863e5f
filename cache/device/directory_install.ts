/**
 * Installations in a directory of this machine, for Deno and Node: `current` (the pointer, a symbolic
 * link), `releases/` (trees) and `state/` (small files).
 *
 * @module
 */

import { chmod, lstat, readdir, readlink, rename, rm, statfs, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BrecciaError } from "../../src/errors.ts";
import type { InstallTarget, ManagedStore, TreeReader, TreeWriter } from "../../src/ports/mod.ts";
import { DirectoryTreeReader, DirectoryTreeWriter } from "./directory_tree.ts";
import { FileStore } from "../stores/fs.ts";
import { lockFile } from "./lock_file.ts";
import { HeldFolders, realFolder } from "./held_folders.ts";
import { makeFolders, syncFolder } from "../stores/open_file.ts";
import { storageError } from "../stores/storage_error.ts";

/** What an installation itself keeps in its directory, with what a crash leaves of it. */
const OWN_NAME = /^(?:current|current\.next|releases|state|lock(?:\.\d+(?:\.[0-9a-f]{8})?)?)$/;
/** What can be listed as the key of a state file, or as a part of one. */
const STATE_NAME = /^[A-Za-z0-9._~%+-]+$/;
const TREE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** An installation in the directory `location`, which the first update creates. */
export class DirectoryInstall implements InstallTarget {
  readonly location: string;
  readonly state: ManagedStore;
  readonly #folders = new HeldFolders();

  /** Uses the directory `location`. */
  constructor(location: string) {
    this.location = location;
    const files = new FileStore(join(location, "state"));
    this.state = {
      get: (key, options) => files.get(key, options),
      head: (key) => files.head(key),
      list: (prefix, options) => files.list(prefix, options),
      put: async (key, bytes, options) => {
        await this.#make("state");
        return await files.put(key, bytes, options);
      },
      delete: async (key) => {
        await this.#check();
        await files.delete(key);
      },
    };
  }

  /** See {@linkcode InstallTarget.pointer}. */
  async pointer(): Promise<string | undefined> {
    let target: string;
    try {
      target = await readlink(this.#pointerPath);
    } catch (cause) {
      if (isCode(cause, "ENOENT")) return undefined;
      if (isCode(cause, "EINVAL")) throw await this.#noPointer(cause);
      throw storageError(cause, "read the pointer", this.#pointerPath);
    }
    const name = /^releases\/([^/]+)$/.exec(target)?.[1] ?? "";
    if (!TREE_NAME.test(name)) {
      throw new BrecciaError(
        "storage-corrupt",
        `Cannot tell what is installed: ${this.#pointerPath} points at ${
          JSON.stringify(target)
        }, ` +
          `which no update put there; point it at a directory in releases/`,
      );
    }
    return name;
  }

  /** See {@linkcode InstallTarget.point}: a new link is renamed over the old one. */
  async point(name: string): Promise<void> {
    checkName(name);
    const next = `${this.#pointerPath}.next`;
    await this.#check();
    try {
      await removePointer(next);
      await symlink(`releases/${name}`, next);
      await this.#check();
      await rename(next, this.#pointerPath);
      await syncFolder(this.location);
    } catch (cause) {
      throw storageError(cause, "move the pointer", this.#pointerPath);
    }
  }

  /** See {@linkcode InstallTarget.strangers}. */
  async strangers(): Promise<string[]> {
    const strangers: string[] = [];
    for (const name of await namesIn(this.location)) if (!OWN_NAME.test(name)) strangers.push(name);
    for (const name of await namesIn(join(this.location, "releases"))) {
      if (!TREE_NAME.test(name)) strangers.push(`releases/${name}`);
    }
    for (const name of await namesIn(join(this.location, "state"))) {
      if (!STATE_NAME.test(name)) strangers.push(`state/${name}`);
    }
    return strangers;
  }

  /** See {@linkcode InstallTarget.trees}. */
  async trees(): Promise<string[]> {
    const names = await namesIn(join(this.location, "releases"));
    return names.filter((name) => TREE_NAME.test(name));
  }

  /** See {@linkcode InstallTarget.read}. */
  read(name: string): TreeReader {
    return new DirectoryTreeReader(this.#tree(name));
  }

  /** See {@linkcode InstallTarget.write}. */
  write(name: string): TreeWriter {
    return new DirectoryTreeWriter(this.#tree(name), () => this.#check());
  }

  /** See {@linkcode InstallTarget.rename}. */
  async rename(from: string, to: string): Promise<void> {
    await this.#check();
    try {
      await rename(this.#tree(from), this.#tree(to));
      await syncFolder(join(this.location, "releases"));
    } catch (cause) {
      throw storageError(cause, "rename", this.#tree(from));
    }
  }

  /** See {@linkcode InstallTarget.remove}. Read-only directories are made writable first. */
  async remove(name: string): Promise<void> {
    const root = this.#tree(name);
    await this.#check();
    try {
      await makeRemovable(root);
      await rm(root, { recursive: true, force: true });
    } catch (cause) {
      throw storageError(cause, "remove", root);
    }
  }

  /** See {@linkcode InstallTarget.freeBytes}. */
  async freeBytes(): Promise<number | undefined> {
    for (let folder = this.location;; folder = dirname(folder)) {
      try {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      } catch (cause) {
        if (!isCode(cause, "ENOENT") || folder === dirname(folder)) return undefined;
      }
    }
  }

  /** See {@linkcode InstallTarget.lock}. */
  async lock(): Promise<() => Promise<void>> {
    await this.#make("releases");
    return await lockFile(join(this.location, "lock"), this.location);
  }

  /** Makes sure that the directories are those that they were, and nobody else's: before each change. */
  async #check(): Promise<void> {
    const root = await realFolder(this.location);
    await this.#folders.checkAncestors(root);
    for (const folder of [root, join(root, "releases"), join(root, "state")]) {
      await this.#folders.check(folder);
    }
  }

  /** Makes one of our directories, and those that lead to it, readable by all whatever the umask. */
  async #make(name: "releases" | "state"): Promise<void> {
    await this.#check();
    const folder = join(await realFolder(this.location), name);
    try {
      await makeFolders(folder);
    } catch (cause) {
      throw storageError(cause, "create", this.location);
    }
    await this.#check();
  }

  async #noPointer(cause: unknown): Promise<BrecciaError> {
    const what = (await lstat(this.#pointerPath)).isDirectory() ? "a directory" : "a file";
    return new BrecciaError(
      "storage-corrupt",
      `Cannot tell what is installed: ${this.#pointerPath} is ${what}, where an update makes a link; ` +
        `move it away and run it again`,
      { cause },
    );
  }

  get #pointerPath(): string {
    return join(this.location, "current");
  }

  #tree(name: string): string {
    checkName(name);
    return join(this.location, "releases", name);
  }
}

/** The names in a folder; none when it is missing. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw storageError(cause, "read", folder);
  }
}

/** Removes a pointer that a crash left unfinished, and nothing else. */
async function removePointer(path: string): Promise<void> {
  try {
    if (/^releases\//.test(await readlink(path))) return await rm(path, { force: true });
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return;
    if (!isCode(cause, "EINVAL")) throw cause;
  }
  throw new BrecciaError(
    "storage-corrupt",
    `Cannot move the pointer: no update put ${path} there; move it away and run it again`,
  );
}

function checkName(name: string): void {
  if (!TREE_NAME.test(name)) {
    throw new BrecciaError("usage", `Cannot use ${JSON.stringify(name)} as the name of a tree`);
  }
}

/** Links are neither followed nor changed: they are removed as they are. */
async function makeRemovable(folder: string): Promise<void> {
  let status;
  try {
    status = await lstat(folder);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return;
    throw cause;
  }
  if (!status.isDirectory()) return;
  if ((status.mode & 0o700) !== 0o700) await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeRemovable(join(folder, entry.name));
  }
}

function isCode(cause: unknown, code: string): boolean {
  return (cause as { code?: string }).code === code;
}
