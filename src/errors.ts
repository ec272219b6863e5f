/**
 * The one error class of Breccia, with a closed set of codes.
 *
 * @module
 */

/**
 * Every way a command or call can fail, by family. The family decides the exit code of a command:
 * see {@linkcode exitCodeOf}.
 */
export const ERROR_CODES = {
  /** The caller asked for something that makes no sense. */
  usage: ["usage", "wrong-state", "no-baseline", "no-installation", "locked", "cancelled"],
  /** Metadata that TUF refuses, named by attack or cause. */
  trust: [
    "metadata-malformed",
    "metadata-oversized",
    "metadata-mismatch",
    "signature-threshold",
    "key-invalid",
    "rollback",
    "freeze",
    "mix-and-match",
    "endless-data",
    "arbitrary-software",
    "expired",
    "root-missing",
    "clock-wrong",
    "metadata-missing",
    "delegation-limit",
    "target-missing",
    "target-mismatch",
    "keystore",
  ],
  /** Bytes that a signature or a hash does not license, or a format that is broken. */
  content: [
    "index-malformed",
    "index-mismatch",
    "chunk-mismatch",
    "chunk-missing",
    "pack-mismatch",
    "frame-malformed",
    "frame-oversized",
    "recipe-malformed",
    "hint-malformed",
    "delta-malformed",
    "delta-mismatch",
    "path-unsafe",
    "path-collision",
    "link-unsafe",
    "tree-unsupported",
    "tree-changed",
    "install-mismatch",
  ],
  /** A publisher's clean mistakes. */
  publish: [
    "version-malformed",
    "version-duplicate",
    "version-lower",
    "version-required",
    "version-missing",
    "repository-malformed",
    "policy-unsafe",
  ],
  /** The network, or the server at its other end. */
  network: [
    "offline",
    "timeout",
    "http-status",
    "http-malformed",
    "response-oversized",
    "response-truncated",
  ],
  /** The disk or the store. */
  storage: [
    "storage-full",
    "storage-read-only",
    "storage-denied",
    "storage-failed",
    "storage-corrupt",
    "storage-conflict",
  ],
  /** The place where to serve. */
  address: ["address-unavailable"],
  /** A defect of Breccia itself. */
  internal: ["internal"],
} as const;

/** The family of an error code. */
export type ErrorFamily = keyof typeof ERROR_CODES;

/** The closed union of error codes. */
export type ErrorCode = typeof ERROR_CODES[ErrorFamily][number];

/**
 * An error with a code a program can switch on and a sentence a person can act on. The message says
 * what happened, to what, and what to do; `cause` holds the error beneath, if there was one.
 */
export class BrecciaError extends Error {
  /** Always `"BrecciaError"`. */
  override readonly name = "BrecciaError";
  /** Why it failed, from the closed set. */
  readonly code: ErrorCode;

  /** Creates an error from its code, its sentence and, optionally, what caused it. */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** True when `error` is a {@linkcode BrecciaError} with one of `codes` (any code when none is given). */
export function isBrecciaError(error: unknown, ...codes: ErrorCode[]): error is BrecciaError {
  return error instanceof BrecciaError && (codes.length === 0 || codes.includes(error.code));
}

/**
 * Ends `what` when its caller no longer wants it.
 *
 * @throws {BrecciaError} `cancelled` when `signal` is aborted.
 */
export function checkCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) {
    throw new BrecciaError("cancelled", `${what} was cancelled; nothing that runs was changed`, {
      cause: signal.reason,
    });
  }
}

const EXIT_CODES: Record<ErrorFamily, number> = {
  usage: 3,
  trust: 4,
  content: 5,
  publish: 6,
  network: 7,
  storage: 8,
  address: 9,
  internal: 70,
};

const FAMILY_OF: ReadonlyMap<string, ErrorFamily> = new Map(
  (Object.keys(ERROR_CODES) as ErrorFamily[]).flatMap((family) =>
    ERROR_CODES[family].map((code): [string, ErrorFamily] => [code, family])
  ),
);

/** The process exit code for an error code: 3 and up, one per family (70 is a defect of ours). */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[FAMILY_OF.get(code) ?? "internal"];
}
