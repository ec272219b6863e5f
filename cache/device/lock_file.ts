import { link, lstat, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import process from "node:process";
import { BrecciaError } from "../../src/errors.ts";
import { openToRead, withFile } from "../stores/open_file.ts";
import { storageError } from "../stores/storage_error.ts";

/** Who holds a lock: a process, told apart from a later one with the same number by its start. */
interface Holder {
  readonly pid: number;
  /** Clock ticks from boot to its start, where the system tells. */
  readonly start: string;
  /** The machine that it runs on: of processes elsewhere nothing can be known here. */
  readonly host: string;
}

const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** More than any lock has. */
const LOCK_BYTES = 4096;

/** How often a lock left by a dead process is taken over before giving up. */
const ATTEMPTS = 5;

/**
 * Takes the lock that the file `path` stands for; the result releases it. It ends with the process that
 * holds it: a lock whose process is gone is taken over.
 *
 * @param what What is locked, for people.
 * @throws {BrecciaError} `locked` at once when a living process holds it; the storage family.
 */
export async function lockFile(path: string, what: string): Promise<() => Promise<void>> {
  const release = await tryLock(path);
  if (release !== undefined) return release;
  throw new BrecciaError("locked", `Cannot change ${what}: ${await describeHolder(path)}`);
}

/**
 * As {@linkcode lockFile}, with `undefined` when a living process holds the lock, or one on another machine.
 *
 * @throws {BrecciaError} the storage family.
 */
export async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await create(path);
      return () => rm(path, { force: true });
    } catch (cause) {
      if ((cause as { code?: string }).code !== "EEXIST") throw storageError(cause, "lock", path);
    }
    const content = await readLock(path);
    if (content === undefined) continue;
    if (await isHeld(content)) return undefined;
    await removeStale(path, content);
  }
  return undefined;
}

/** Makes the lock with its content at once, so that a process that dies here leaves a readable one. */
async function create(path: string): Promise<void> {
  const own = `${path}.${process.pid}.${crypto.randomUUID().slice(0, 8)}`;
  const start = await startOf(process.pid) ?? "";
  const content = JSON.stringify({ pid: process.pid, start, host: hostname() } satisfies Holder);
  const options = { flag: "wx", mode: 0o600 } as const;
  try {
    await writeFile(own, content, options);
    await link(own, path).catch((cause: { code?: string }) => {
      // File systems without hard links: there the content comes an instant after the name.
      if (!NO_LINKS.has(cause.code ?? "")) throw cause;
      return writeFile(path, content, options);
    });
  } finally {
    await rm(own, { force: true });
  }
}

/** What the lock says, nothing when it is no regular file; `undefined` when it is gone or unreadable. */
async function readLock(path: string): Promise<string | undefined> {
  try {
    return await withFile(openToRead(path), async (file) => {
      if (!(await file.stat()).isFile()) return "";
      // A lock is 100 bytes; what is longer is none.
      const bytes = new Uint8Array(LOCK_BYTES);
      const { bytesRead } = await file.read(bytes, 0, LOCK_BYTES, 0);
      return new TextDecoder().decode(bytes.subarray(0, bytesRead));
    });
  } catch (cause) {
    const { code } = cause as { code?: string };
    return code === "ENOENT" || code === "EACCES" ? undefined : "";
  }
}

/** Who holds a lock, or `undefined` when it doesn't say. */
function holderOf(content: string): Holder | undefined {
  try {
    const { pid, start = "", host = hostname() } = JSON.parse(content);
    return typeof pid === "number" ? { pid, start: String(start), host: String(host) } : undefined;
  } catch {
    return undefined;
  }
}

/** A file that says nothing counts as held. */
async function isHeld(content: string): Promise<boolean> {
  const holder = holderOf(content);
  if (holder === undefined || holder.host !== hostname()) return true;
  const start = await startOf(holder.pid);
  return start !== undefined && (start === "" || holder.start === "" || start === holder.start);
}

/** Who is in the way, since when, and the way out. */
async function describeHolder(path: string): Promise<string> {
  const content = await readLock(path);
  const holder = content === undefined ? undefined : holderOf(content);
  const status = await lstat(path).catch(() => undefined);
  const since = status === undefined ? "" : ` since ${status.mtime.toISOString()}`;
  if (content === undefined) return "another updater is at work there; wait until it ends";
  if (holder === undefined) {
    return `${path} is there${since} and names no process; if no updater is at work, remove it`;
  }
  if (holder.host === hostname()) {
    return `another updater, process ${holder.pid}, is at work there${since}; wait until it ends`;
  }
  return `process ${holder.pid} on ${holder.host} has locked it${since}; wait until it ends, or if it ` +
    `is gone, remove ${path}`;
}

/** Moves the stale file away under a name of our own, so that of several heirs one removes it. */
async function removeStale(path: string, content: string): Promise<void> {
  const away = `${path}.${process.pid}`;
  try {
    await rename(path, away);
    // Another heir may have taken the lock since it was read: then it is put back.
    if (await readLock(away) === content) await rm(away, { force: true });
    else await rename(away, path);
  } catch (cause) {
    if ((cause as { code?: string }).code !== "ENOENT") throw storageError(cause, "unlock", path);
  }
}

/** When a process started; empty where the system does not tell; `undefined` when it is gone. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return undefined;
  }
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is a name in parentheses and may hold spaces; the 22nd is the start time.
  return status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
