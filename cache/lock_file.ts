import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import process from "node:process";
import { BrecciaError } from "../src/errors.ts";
import { storageError } from "./storage_error.ts";

/** Who holds a lock: a process, told apart from a later one with the same number by its start. */
interface Holder {
  readonly pid: number;
  /** Clock ticks from boot to its start, where the system tells. */
  readonly start: string;
  /** The machine that it runs on: of processes elsewhere nothing can be known here. */
  readonly host: string;
}

const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

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
  throw new BrecciaError(
    "locked",
    `Cannot change ${what}: another updater is at work there; wait until it ends`,
  );
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
    const content = await readFile(path, "utf8").catch(() => undefined);
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

/** A file that says nothing counts as held. */
async function isHeld(content: string): Promise<boolean> {
  let holder: Partial<Holder>;
  try {
    holder = JSON.parse(content);
  } catch {
    return true;
  }
  if (typeof holder.pid !== "number" || (holder.host ?? hostname()) !== hostname()) return true;
  const start = await startOf(holder.pid);
  return start !== undefined && (start === "" || holder.start === "" || start === holder.start);
}

/** Moves the stale file away under a name of our own, so that of several heirs one removes it. */
async function removeStale(path: string, content: string): Promise<void> {
  const away = `${path}.${process.pid}`;
  try {
    await rename(path, away);
    // Another heir may have taken the lock since it was read: then it is put back.
    if (await readFile(away, "utf8") === content) await rm(away, { force: true });
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
