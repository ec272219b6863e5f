import { encodeHex, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { decodeIndex, type ReleaseIndex } from "../index/mod.ts";
import { INDEX_LIMITS } from "../limits.ts";
import { escapePath, type MirrorSet } from "../transport/mod.ts";
import type { VerifiedMetadata } from "../tuf/mod.ts";
import type { OfferedRelease } from "./app_releases.ts";
import { wholeFile } from "./whole_file.ts";

/** A release index as it was signed, read. */
export interface FetchedIndex {
  /** What it says. */
  readonly index: ReleaseIndex;
  /** The file, byte for byte as it was signed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of `bytes`. */
  readonly sha256: Uint8Array<ArrayBuffer>;
}

/**
 * Fetches the index of an offered release and verifies it: its signed length and hash, every check of
 * its format, and that it is the release that metadata says it is.
 *
 * @throws {BrecciaError} `target-mismatch`, `index-mismatch`, what `decodeIndex` throws, and the network
 * family.
 */
export async function fetchIndex(
  offer: OfferedRelease,
  metadata: VerifiedMetadata,
  mirrors: MirrorSet,
  signal?: AbortSignal,
): Promise<FetchedIndex> {
  const { index: target, info } = offer;
  if (target.length > INDEX_LIMITS.bytes) {
    throw new BrecciaError(
      "index-malformed",
      `Cannot fetch ${target.path}: its signed length of ${target.length} bytes is over the bound of ` +
        `${INDEX_LIMITS.bytes}; tell the publisher`,
    );
  }
  const path = `targets/${escapePath(metadata.locationOf(target))}`;
  return await mirrors.attempt(target.path, async (mirror) => {
    const { status, bytes } = await wholeFile(mirror, path, { length: target.length, signal });
    if (status !== 200) {
      throw new BrecciaError(
        status === 404 ? "target-missing" : "http-status",
        `Cannot fetch ${path} from ${mirror.url.host}: it answered ${status}; use another mirror`,
      );
    }
    const hash = await sha256(bytes);
    if (bytes.length !== target.length || encodeHex(hash) !== offer.indexSha256) {
      throw new BrecciaError(
        "target-mismatch",
        `Cannot accept ${target.path} from ${mirror.url.host}: its ${bytes.length} bytes are not the ` +
          `${target.length} that are signed; use another mirror`,
      );
    }
    const index = await decodeIndex(bytes, signal);
    if (
      index.app !== info.app || index.version !== info.version || index.platform !== info.platform
    ) {
      throw new BrecciaError(
        "index-mismatch",
        `Cannot use ${target.path}: it is the index of ${index.app} ${index.version} ` +
          `(${index.platform}), not of ${info.app} ${info.version} (${info.platform}); tell the publisher`,
      );
    }
    return { index, bytes, sha256: hash };
  }, signal);
}
