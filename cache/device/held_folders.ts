import { type Stats } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { BrecciaError } from "../../src/errors.ts";
import { storageError } from "../stores/storage_error.ts";

const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/**
 * Directories that are held by what they are, not by their names: whoever could exchange one for a link
 * could have a program with more rights write, and delete, anywhere
 * (docs/adr/0066-directories-are-held.md).
 */
export class HeldFolders {
  readonly #seen = new Map<string, string>();

  /**
   * Refuses `folder` unless it is a directory, the same one as at the first call, that nobody but its owner
   * may write to, and its owner is this process's user. Absence is no error: it is made later.
   *
   * @throws {BrecciaError} `policy-unsafe`, saying what is wrong and what to do.
   */
  async check(folder: string): Promise<void> {
    const status = await statusOf(folder);
    const identity = status && `${status.dev}:${status.ino}`;
    const before = this.#seen.get(folder);
    if (before !== undefined && before !== identity) {
      throw unsafe(folder, "it was exchanged while this ran; look who did that, and run it again");
    }
    if (status === undefined || identity === undefined) return;
    refuseStrangersFolder(folder, status);
    this.#seen.set(folder, identity);
  }

  /** What a directory that was just made is known by from now on. */
  async made(folder: string): Promise<void> {
    this.#seen.delete(folder);
    await this.check(folder);
  }

  /** Refuses a folder when somebody else could exchange one of those that lead to it. */
  async checkAncestors(folder: string): Promise<void> {
    for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
      const status = await statusOf(at);
      if (status === undefined) continue;
      const others = (status.mode & OTHERS_WRITE) !== 0 && (status.mode & STICKY) === 0;
      const why = others ? "everybody may write to it" : foreignOwner(status);
      if (why !== undefined) {
        throw unsafe(folder, `${why.replace(/\bit\b/, at)}, and could exchange what lies below`);
      }
    }
  }
}

/** The directory that a path means, links in it followed; what does not exist yet stays as it is. */
export async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    if ((cause as { code?: string }).code !== "ENOENT") throw storageError(cause, "find", path);
  }
  const absolute = resolve(path);
  const parent = dirname(absolute);
  return parent === absolute
    ? absolute
    : `${(await realFolder(parent)).replace(/\/$/, "")}${
      absolute.slice(parent.replace(/\/$/, "").length)
    }`;
}

function refuseStrangersFolder(folder: string, status: Stats): void {
  if (!status.isDirectory()) {
    const what = status.isSymbolicLink() ? "a link, which may lead anywhere" : "no directory";
    throw unsafe(folder, `it is ${what}; put a directory there, or mount one`);
  }
  const owner = foreignOwner(status);
  if (owner !== undefined) {
    throw unsafe(
      folder,
      `${owner} and could change what is installed; run this as that user, or chown it`,
    );
  }
  if (process.getuid === undefined) return;
  // A group with the number of its only member is how many systems set up their users.
  const group = (status.mode & GROUP_WRITES) !== 0 && status.gid !== status.uid;
  if (group || (status.mode & OTHERS_WRITE) !== 0) {
    throw unsafe(
      folder,
      "other users may write to it; run chmod go-w on it, and look what they left there",
    );
  }
}

/** Root may change everything anyway; a user's folder is safe for that user alone. */
function foreignOwner({ uid }: Stats): string | undefined {
  const own = process.getuid?.();
  if (own === undefined || uid === own || uid === 0) return undefined;
  return `user ${uid} owns it`;
}

async function statusOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") return undefined;
    throw storageError(cause, "look at", path);
  }
}

function unsafe(folder: string, why: string): BrecciaError {
  return new BrecciaError("policy-unsafe", `Cannot change ${folder}: ${why}`);
}
