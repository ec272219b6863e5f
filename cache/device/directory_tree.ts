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
import { dirname, join, sep } from "node:path";
import { BrecciaError } from "../../src/errors.ts";
import { checkPath, windowsObjection } from "../../src/index/mod.ts";
import type {
  TreeDirectory,
  TreeEntry,
  TreeFile,
  TreeLink,
  TreeReader,
  TreeWriter,
} from "../../src/ports/mod.ts";
import { BytecodeTimes } from "./bytecode_times.ts";
import { openToRead, syncFolder, withFile } from "../stores/open_file.ts";
import { storageError } from "../stores/storage_error.ts";

/** Permission bits that a release records; set-id and sticky bits never travel. */
const RECORDED_MODE = 0o777;

/** How this machine reads names: what it must refuse, whatever release they come from. */
export type MachineNames = "posix" | "windows";

const THIS_MACHINE: MachineNames = sep === "\\" ? "windows" : "posix";

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
      const foreign = THIS_MACHINE === "windows" && windowsObjection(path) !== undefined;
      const handle = foreign ? Promise.resolve(undefined) : openForReading(join(this.#root, path));
      this.#open = { path, handle };
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
    const handle = await openToRead(full);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return undefined;
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

/** A directory that was made here, by what it is. */
interface MadeDirectory {
  readonly path: string;
  readonly identity: string;
  readonly mode: number;
}

/** Mode of the tree itself: whoever runs what is installed may go in, whatever the umask was. */
const ROOT_MODE = 0o755;

/**
 * Writes a tree into a new directory of this machine; every file and directory is synced to disk, and has
 * its recorded mode whatever the umask. All files get one time, that of the tree's making; sources of
 * Python's bytecode get the one that the bytecode names (docs/adr/0067-times-of-installed-files.md).
 */
export class DirectoryTreeWriter implements TreeWriter {
  readonly #root: string;
  readonly #check: () => Promise<void>;
  readonly #names: MachineNames;
  readonly #directories = new Map<string, MadeDirectory>();
  readonly #bytecode = new BytecodeTimes();
  #time = 0;
  #file: OpenFile | undefined;

  /**
   * Writes below `root`, which must not exist yet; its parent must.
   *
   * @param check Throws when what leads to `root` is not what it was; called before each phase.
   * @param names How the machine reads names; as this one does unless given.
   */
  constructor(
    root: string,
    check: () => Promise<void> = () => Promise.resolve(),
    names: MachineNames = THIS_MACHINE,
  ) {
    this.#root = root;
    this.#names = names;
    this.#check = check;
  }

  /** See {@linkcode TreeWriter.directory}. Modes are set at the end: a read-only one can be filled. */
  async directory({ path, mode }: TreeDirectory): Promise<void> {
    await this.#attempt(path, (full) => this.#makeDirectory(path, full, mode));
  }

  /** See {@linkcode TreeWriter.link}. */
  async link(entry: TreeLink): Promise<void> {
    checkHere(entry.target, this.#names);
    await this.#attempt(entry.path, (full) => symlink(entry.target, full));
  }

  /** See {@linkcode TreeWriter.file}. */
  async file(entry: TreeFile): Promise<void> {
    await this.#attempt(entry.path, async (full) => {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL |
        constants.O_NOFOLLOW;
      this.#file = { handle: await open(full, flags, 0o600), entry };
      this.#bytecode.begin(entry.path);
    });
  }

  /** See {@linkcode TreeWriter.write}. */
  async write(bytes: Uint8Array): Promise<void> {
    const { handle, entry } = this.#file as OpenFile;
    this.#bytecode.see(bytes);
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
    await this.#check();
    for (const [path, time] of this.#bytecode.times) await this.#setTime(path, time);
    for (const made of [...this.#directories.values()].toReversed()) {
      await this.#finishDirectory(made);
    }
    await syncFolder(dirname(this.#root));
  }

  /** See {@linkcode TreeWriter.interrupt}. */
  async interrupt(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  /** See {@linkcode TreeWriter.discard}. */
  async discard(): Promise<void> {
    await this.interrupt();
    await this.#check();
    await rm(this.#root, { recursive: true, force: true });
  }

  async #attempt(path: string, action: (full: string) => Promise<void>): Promise<void> {
    // What a release of Linux may be called is settled by its index; here, by what runs here.
    checkPath(path, this.#names === "posix" ? "linux" : "any");
    checkHere(path, this.#names);
    await this.#start();
    await this.#closeFile();
    const full = join(this.#root, path);
    try {
      await this.#checkParent(path);
      await action(full);
    } catch (cause) {
      throw storageError(cause, "write", full);
    }
  }

  async #start(): Promise<void> {
    if (this.#directories.size > 0) return;
    await this.#check();
    try {
      await this.#makeDirectory("", this.#root, ROOT_MODE);
      this.#time = Math.floor((await lstat(this.#root)).mtimeMs / 1000);
    } catch (cause) {
      throw storageError(cause, "create", this.#root);
    }
  }

  async #makeDirectory(path: string, full: string, mode: number): Promise<void> {
    await mkdir(full, { mode: 0o700 });
    this.#directories.set(path, { path, identity: identityOf(await lstat(full)), mode });
  }

  /** Refuses to write below a directory that is not the one made here: through a link, anything may be. */
  async #checkParent(path: string): Promise<void> {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const made = this.#directories.get(parent);
    const full = join(this.#root, parent);
    if (made?.identity !== identityOf(await lstat(full))) throw exchanged(full);
  }

  async #closeFile(): Promise<void> {
    if (this.#file === undefined) return;
    const { handle, entry } = this.#file;
    this.#file = undefined;
    try {
      await handle.chmod(entry.mode);
      await handle.utimes(this.#time, this.#time);
      await handle.sync();
    } catch (cause) {
      throw storageError(cause, "write", join(this.#root, entry.path));
    } finally {
      await handle.close();
    }
  }

  /** Bytecode without its source is left alone. */
  async #setTime(path: string, time: number): Promise<void> {
    const handle = await openForReading(join(this.#root, path)).catch(() => undefined);
    try {
      await handle?.utimes(time, time);
      await handle?.sync();
    } catch (cause) {
      throw storageError(cause, "write", join(this.#root, path));
    } finally {
      await handle?.close();
    }
  }

  /** Makes a directory's entries durable, and sets its final mode and time. */
  async #finishDirectory({ path, identity, mode }: MadeDirectory): Promise<void> {
    const full = join(this.#root, path);
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    try {
      await withFile(open(full, flags), async (handle) => {
        if (identityOf(await handle.stat()) !== identity) throw exchanged(full);
        await handle.chmod(mode);
        await handle.utimes(this.#time, this.#time);
        await handle.sync();
      });
    } catch (cause) {
      throw storageError(cause, "sync", full);
    }
  }
}

/** Refuses a path that this machine would take for another one. */
function checkHere(path: string, names: MachineNames): void {
  const why = names === "windows" ? windowsObjection(path) : undefined;
  if (why === undefined) return;
  throw new BrecciaError(
    "path-unsafe",
    `Cannot write ${JSON.stringify(path.slice(0, 200))}: ${why}; ask the publisher for a release ` +
      "for this platform",
  );
}

function identityOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}

function exchanged(full: string): BrecciaError {
  return new BrecciaError(
    "policy-unsafe",
    `Cannot write to ${full}: it was exchanged while this ran; look who did that, and run it again`,
  );
}
