import { BrecciaError } from "../errors.ts";
import type { ReleaseIndex } from "../index/mod.ts";
import type { InstallTarget } from "../ports/mod.ts";

/** What file systems round sizes up to, and what an entry costs beside its content. */
const BLOCK_BYTES = 4096;

/** Bytes that a release takes on a disk. */
export function spaceOf(index: ReleaseIndex): number {
  let bytes = 0;
  for (const entry of index.entries) {
    const size = entry.kind === "file" ? entry.size : 0;
    bytes += Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES + BLOCK_BYTES;
  }
  return bytes;
}

/**
 * Refuses a release for which there is no room.
 *
 * @throws {BrecciaError} `storage-full`, naming the bytes needed and the bytes that are free.
 */
export async function requireSpace(target: InstallTarget, index: ReleaseIndex): Promise<void> {
  const needed = spaceOf(index);
  const free = await target.freeBytes();
  if (free !== undefined && free < needed) {
    throw new BrecciaError(
      "storage-full",
      `Cannot install ${index.app} ${index.version} in ${target.location}: ${needed} bytes are ` +
        `needed and ${free} are free; free ${needed - free} bytes and run it again`,
    );
  }
}
