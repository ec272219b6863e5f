import { BrecciaError } from "../../src/errors.ts";

/** Longest key, in characters. */
const KEY_LENGTH = 512;

/** Longest value, in bytes. */
export const OBJECT_BYTES = 64 * 1024 * 1024;

/** Whether the store contract (src/ports/store.ts) allows `key`. */
export function isObjectKey(key: string): boolean {
  return key.length <= KEY_LENGTH &&
    key.split("/").every((segment) =>
      /^[A-Za-z0-9._~%-]+$/.test(segment) && segment !== "." && segment !== ".."
    );
}

/**
 * Refuses what {@linkcode isObjectKey} says is none.
 *
 * @throws {BrecciaError} `usage`.
 */
export function checkObjectKey(key: string): void {
  if (!isObjectKey(key)) {
    throw new BrecciaError(
      "usage",
      `Cannot use ${JSON.stringify(key.slice(0, KEY_LENGTH))} as a key: give segments of ` +
        `A–Z a–z 0–9 . _ ~ % - between slashes, ${KEY_LENGTH} characters at most`,
    );
  }
}

/**
 * Refuses a value that is over the contract's 64 MiB.
 *
 * @throws {BrecciaError} `usage`.
 */
export function checkObjectSize(key: string, bytes: Uint8Array): void {
  if (bytes.length > OBJECT_BYTES) {
    throw new BrecciaError(
      "usage",
      `Cannot store ${key}: it has ${bytes.length} bytes where ${OBJECT_BYTES} are allowed; split it`,
    );
  }
}

/** The error of a conditional write whose condition was not met. */
export function storageConflict(key: string): BrecciaError {
  return new BrecciaError(
    "storage-conflict",
    `Cannot replace ${key}: another writer changed it meanwhile; read it again and decide anew`,
  );
}
