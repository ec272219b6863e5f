import { encodeHex, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { TargetFile } from "../tuf/mod.ts";

/** What targets metadata says of a file with these bytes. */
export async function describeTarget(
  bytes: Uint8Array,
  custom?: TargetFile["custom"],
): Promise<TargetFile> {
  const digest = encodeHex(await sha256(bytes));
  return {
    length: bytes.length,
    hashes: new Map([["sha256", digest]]),
    ...(custom === undefined ? {} : { custom }),
  };
}

/**
 * Refuses bytes that are not what is signed of the target `path`.
 *
 * @throws {BrecciaError} `target-mismatch`
 */
export async function checkTargetBytes(
  path: string,
  bytes: Uint8Array,
  target: TargetFile,
): Promise<void> {
  const actual = await describeTarget(bytes);
  const signed = target.hashes.get("sha256");
  if (actual.length !== target.length || actual.hashes.get("sha256") !== signed) {
    throw new BrecciaError(
      "target-mismatch",
      `Cannot use ${path}: its bytes are not those that were signed; restore the repository from a ` +
        "backup",
    );
  }
}
