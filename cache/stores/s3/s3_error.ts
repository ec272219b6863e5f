import { BrecciaError, type ErrorCode, isBrecciaError } from "../../../src/errors.ts";
import { elementText } from "./s3_xml.ts";

/** A request that failed: what was tried, and on what. */
export interface S3Operation {
  /** As in "Cannot VERB KEY". */
  readonly verb: string;
  /** Of the object, or of the bucket. */
  readonly what: string;
  /** True when the write was bound to a condition. */
  readonly conditional: boolean;
}

/** Answers that a status alone would put into the wrong class. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ["QuotaExceeded", "storage-full"],
  ["XMinioStorageFull", "storage-full"],
  ["RequestTimeout", "storage-failed"],
  ["BadDigest", "storage-failed"],
  ["XAmzContentSHA256Mismatch", "storage-failed"],
  ["RequestTimeTooSkewed", "storage-denied"],
  ["NoSuchUpload", "storage-failed"],
]);

const ADVICE: ReadonlyMap<ErrorCode, string> = new Map([
  ["storage-full", "free some of the quota and run it again"],
  ["storage-denied", "check the access key, its rights and this machine's clock"],
  ["storage-conflict", "read it again and decide anew"],
  ["storage-failed", "try again later"],
  ["usage", "check the bucket, the endpoint and the region"],
]);

/** What an unsuccessful answer means. Of its body nothing is shown but the code of the error. */
export function answerError(operation: S3Operation, status: number, body: string): BrecciaError {
  const named = /^\w{1,64}$/.exec(elementText(body, "Code") ?? "")?.[0];
  const code = classOf(operation, status, named);
  const { verb, what } = operation;
  return new BrecciaError(
    code,
    `Cannot ${verb} ${what}: the service answered ${status}${named ? ` ${named}` : ""}; ` +
      (ADVICE.get(code) as string),
  );
}

/** What a request without an answer means: `cancelled` as it is, and everything else may pass. */
export function exchangeError(operation: S3Operation, cause: unknown): BrecciaError {
  if (!isBrecciaError(cause)) throw cause;
  if (cause.code === "cancelled") return cause;
  const { verb, what } = operation;
  return new BrecciaError("storage-failed", `Cannot ${verb} ${what}: ${cause.message}`, { cause });
}

function classOf(operation: S3Operation, status: number, named: string | undefined): ErrorCode {
  const known = CODES.get(named ?? "");
  if (known !== undefined) return known;
  if (operation.conditional) {
    // A service answers If-Match on an absent object with 404: the condition was not met.
    if (status === 409 || status === 412 || (status === 404 && named !== "NoSuchBucket")) {
      return "storage-conflict";
    }
  }
  if (status === 401 || status === 403) return "storage-denied";
  if (status === 507) return "storage-full";
  if (status === 409 || status === 429 || (status >= 500 && status !== 501)) {
    return "storage-failed";
  }
  return "usage";
}
