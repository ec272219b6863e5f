import { BrecciaError, type ErrorCode, isBrecciaError } from "../errors.ts";

const CODES: ReadonlyMap<string, readonly [code: ErrorCode, why: string]> = new Map([
  ["ENOENT", ["usage", "there is no such file; check the path"]],
  ["ENOTDIR", ["usage", "a part of its path is no directory; check the path"]],
  ["EISDIR", ["usage", "it is a directory; give a file"]],
  ["EACCES", ["storage-denied", "permission is denied; run it as a user who may"]],
  ["EPERM", ["storage-denied", "permission is denied; run it as a user who may"]],
  ["EROFS", ["storage-read-only", "the file system is read-only; choose another place"]],
  ["ENOSPC", ["storage-full", "the disk is full; make room and run it again"]],
  ["EDQUOT", ["storage-full", "the disk quota is used up; make room and run it again"]],
]);

/**
 * What a person is told when the file system refuses: `verb` is what was tried ("read"), `path` is
 * what the caller named. An error that is ours already is handed back as it is.
 */
export function fileError(verb: string, path: string, cause: unknown): BrecciaError {
  if (isBrecciaError(cause)) return cause;
  const name = (cause as { code?: string } | undefined)?.code ?? "";
  const [code, why] = CODES.get(name) ??
    ["storage-failed", `the system answered ${name || String(cause)}; try again`] as const;
  return new BrecciaError(code, `Cannot ${verb} ${path}: ${why}`, { cause });
}
