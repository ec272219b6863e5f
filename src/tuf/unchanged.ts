import { equalBytes } from "../bytes/mod.ts";
import { loadKept } from "./kept_metadata.ts";
import { ifAccepted, type MetadataFetcher } from "./metadata_fetcher.ts";
import { refreshTargets } from "./targets_refresh.ts";
import type { TrustedRoot } from "./trusted_root.ts";
import { VerifiedMetadata } from "./verified_metadata.ts";

/**
 * The field of the signed timestamp in which a publisher names the version of the newest root. It lets
 * a client see in one request that nothing is new (docs/adr/0010-one-request-no-op.md).
 */
export const ROOT_VERSION_FIELD = "x-breccia-root";

/**
 * Fetches the timestamp before anything else, when all that is kept is still valid and its timestamp
 * names the root that is trusted here.
 *
 * Returns the kept metadata when the timestamp is the same byte for byte: then nothing is new. Returns
 * the fetched bytes, not verified, when they differ, and `undefined` when it did not come to fetching.
 *
 * @throws {BrecciaError} the network family; `endless-data`; `cancelled`; the storage family.
 */
export async function fetchUnlessUnchanged(
  root: TrustedRoot,
  now: number,
  fetcher: MetadataFetcher,
): Promise<VerifiedMetadata | Uint8Array | undefined> {
  const parts = await ifAccepted(() => loadKept(fetcher.store, root, now, "freeze"));
  const timestamp = parts?.snapshot.timestamp.trusted;
  if (timestamp?.signed.unknown?.get(ROOT_VERSION_FIELD) !== root.version) return undefined;

  const bytes = await fetcher.fetchIfPresent(
    "timestamp.json",
    fetcher.limits.timestampBytes,
    (bytes) => Promise.resolve(bytes),
  );
  if (parts === undefined || bytes === undefined || !equalBytes(bytes, timestamp.bytes)) {
    return bytes;
  }
  const { snapshot, targets } = parts;
  return new VerifiedMetadata(
    { snapshot, targets },
    (delegator, role) => refreshTargets(snapshot, role.name, delegator.rule(role), fetcher),
    fetcher.limits,
    true,
  );
}
