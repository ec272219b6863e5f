import { BrecciaError, type ErrorCode } from "../../src/errors.ts";

const CODES: ReadonlyMap<string, readonly [code: ErrorCode, advice: string]> = new Map([
  ["ENOSPC", ["storage-full", "free some space and run it again"]],
  ["EDQUOT", ["storage-full", "free some of the quota and run it again"]],
  ["EROFS", ["storage-read-only", "make it writable or choose another place"]],
  ["EACCES", ["storage-denied", "grant this user the right or choose another place"]],
  ["ELOOP", ["storage-corrupt", "it is a link where a file belongs; put the file itself there"]],
  ["EPERM", ["storage-denied", "grant this user the right or choose another place"]],
]);

/**
 * What a failed file system call means to a user: `storage-full`, `storage-read-only`, `storage-denied`,
 * `storage-corrupt` for what the disk can't give back, or `storage-failed` for the rest. Errors that are ours already pass through.
 *
 * @param verb What was tried, as in "Cannot VERB PATH".
 */
export function storageError(cause: unknown, verb: string, path: string): BrecciaError {
  if (cause instanceof BrecciaError) return cause;
  const { code = "", message } = cause as NodeJS.ErrnoException;
  if (code === "EIO" && verb === "read") {
    const what = `Cannot read ${path}: EIO; its disk has lost it, so replace the disk`;
    return new BrecciaError("storage-corrupt", what, { cause });
  }
  const [kind, advice] = CODES.get(code) ?? ["storage-failed", "check the disk and run it again"];
  return new BrecciaError(kind, `Cannot ${verb} ${path}: ${code || message}; ${advice}`, { cause });
}
