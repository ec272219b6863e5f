/**
 * Installations in a directory of this machine, for Deno and Node: `current` (the pointer, a symbolic
 * link), `releases/` (trees) and `state/` (small files).
 *
 * @module
 */

import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  statfs,
  symlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { BrecciaError } from "../src/errors.ts";
import type { InstallTarget, ManagedStore, TreeReader, TreeWriter } from "../src/ports/mod.ts";
import { DirectoryTreeReader, DirectoryTreeWriter } from "./directory_tree.ts";
import { FileStore } from "./fs.ts";
import { lockFile } from "./lock_file.ts";
import { syncFolder } from "./open_file.ts";
import { storageError } from "./storage_error.ts";

/** What an installation itself keeps in its directory, with what a crash leaves of it. */
const OWN_NAME = /^(?:current|current\.next|releases|state|lock(?:\.\d+(?:\.[0-9a-f]{8})?)?)$/;
/** What can be listed as the key of a state file, or as a part of one. */
const STATE_NAME = /^[A-Za-z0-9._~%+-]+$/;
const TREE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** An installation in the directory `location`, which the first update creates. */
export class DirectoryInstall implements InstallTarget {
  readonly location: string;
  readonly state: ManagedStore;

  /** Uses the directory `location`. */
  constructor(location: string) {
    this.location = location;
    this.state = new FileStore(join(location, "state"));
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
    try {
      await removePointer(next);
      await symlink(`releases/${name}`, next);
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
    return new DirectoryTreeWriter(this.#tree(name));
  }

  /** See {@linkcode InstallTarget.rename}. */
  async rename(from: string, to: string): Promise<void> {
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
    try {
      await mkdir(join(this.location, "releases"), { recursive: true });
    } catch (cause) {
      throw storageError(cause, "create", this.location);
    }
    return await lockFile(join(this.location, "lock"), this.location);
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

async function makeRemovable(folder: string): Promise<void> {
  try {
    await chmod(folder, 0o700);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return;
    throw cause;
  }
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeRemovable(join(folder, entry.name));
  }
}

function isCode(cause: unknown, code: string): boolean {
  return (cause as { code?: string }).code === code;
}
