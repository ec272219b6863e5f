import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BrecciaError } from "../../src/errors.ts";
import { tryLock } from "../device/lock_file.ts";
import { syncFolder, withFile } from "./open_file.ts";
import { storageError } from "./storage_error.ts";

/** Where files are written before they get their name. No key can lead there: `+` is not legal. */
export const STAGING_FOLDER = "+staging";

/** What is older than this in the staging folder was left by a crash, in milliseconds. */
const STALE_MILLISECONDS = 10 * 60_000;

/** A lock is held for one small write; one that is older was left by a crash, in milliseconds. */
const STALE_LOCK_MILLISECONDS = 30_000;

/** Replaces files so that a reader, or the machine after a power cut, sees the old or the new one. */
export class AtomicFiles {
  readonly #staging: string;
  readonly #queues = new Map<string, Promise<unknown>>();

  /** Stages below `root`: a rename is atomic only within one file system. */
  constructor(root: string) {
    this.#staging = join(root, STAGING_FOLDER);
  }

  /** Writes `path` with everything it needs to survive the loss of power. */
  async replace(path: string, bytes: Uint8Array): Promise<void> {
    const staged = join(this.#staging, crypto.randomUUID());
    try {
      await this.#stage(staged, bytes);
      await moveInto(staged, path);
    } catch (cause) {
      await rm(staged, { force: true }).catch(() => {});
      throw storageError(cause, "write", path);
    }
  }

  /** Runs `action` while no other writer, of this process or another, holds the lock of `path`. */
  async locked<T>(path: string, action: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(path) ?? Promise.resolve();
    const turn = before.catch(() => {}).then(() => this.#withLockFile(path, action));
    this.#queues.set(path, turn);
    try {
      return await turn;
    } finally {
      if (this.#queues.get(path) === turn) this.#queues.delete(path);
    }
  }

  /** Removes what crashed writers left behind. */
  async sweepStaging(): Promise<void> {
    const names = await readdir(this.#staging).catch(() => []);
    for (const name of names) {
      const path = join(this.#staging, name);
      if (await ageOf(path) > STALE_MILLISECONDS) await rm(path, { force: true }).catch(() => {});
    }
  }

  async #stage(staged: string, bytes: Uint8Array): Promise<void> {
    await withFile(openIn(this.#staging, staged), async (file) => {
      for (let written = 0; written < bytes.length;) {
        written += (await file.write(bytes, written)).bytesWritten;
      }
      await file.sync();
    });
  }

  async #withLockFile<T>(path: string, action: () => Promise<T>): Promise<T> {
    const release = await this.#lock(path);
    try {
      return await action();
    } finally {
      await release();
    }
  }

  async #lock(path: string): Promise<() => Promise<void>> {
    const lock = join(this.#staging, `${encodeURIComponent(path).slice(-180)}.lock`);
    await mkdir(this.#staging, { recursive: true, mode: 0o755 }).catch((cause) => {
      throw storageError(cause, "lock", path);
    });
    const release = await tryLock(lock);
    if (release !== undefined) return release;
    // Of a process on another machine nobody knows whether it lives: there the age decides.
    if (await ageOf(lock) > STALE_LOCK_MILLISECONDS) {
      await rm(lock, { force: true });
      const late = await tryLock(lock);
      if (late !== undefined) return late;
    }
    throw new BrecciaError(
      "storage-conflict",
      `Cannot replace ${path}: another process is writing it; read it again and decide anew`,
    );
  }
}

/** Creates a file that must not exist yet, and its folder where needed. */
async function openIn(folder: string, path: string): ReturnType<typeof open> {
  try {
    return await open(path, "wx", 0o644);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    await mkdir(folder, { recursive: true, mode: 0o755 });
    return await open(path, "wx", 0o644);
  }
}

/** Gives a staged file its name, and makes that name durable, with the folders that lead to it. */
async function moveInto(staged: string, path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await rename(staged, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    const first = await mkdir(folder, { recursive: true, mode: 0o755 });
    await rename(staged, path);
    // The name of a new folder lies in its parent: without this, a power cut takes all of it.
    for (let made = folder; first !== undefined && made.length >= first.length;) {
      made = dirname(made);
      await syncFolder(made);
    }
  }
  await syncFolder(folder);
}

async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await lstat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
