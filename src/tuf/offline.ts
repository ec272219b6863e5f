import { kept, loadKept } from "./kept_metadata.ts";
import { type MetadataLimits, metadataLimits } from "./metadata_limits.ts";
import type { MetadataStore } from "./metadata_store.ts";
import { startingRoot } from "./root_chain.ts";
import { TrustedTargets } from "./trusted_targets.ts";
import { VerifiedMetadata } from "./verified_metadata.ts";

/** What working offline needs. */
export interface OfflineOptions {
  /** Where trusted metadata was kept. */
  readonly store: MetadataStore;
  /** The root that was shipped with the client; without it, the kept root is where trust starts. */
  readonly trustedRoot?: Uint8Array | undefined;
  /** The reference time, in milliseconds since 1970. */
  readonly now: number;
  /** Own bounds in place of the defaults. */
  readonly limits?: Partial<MetadataLimits> | undefined;
}

/**
 * What is trusted already, without a request: for devices and gateways that are offline. It writes
 * nothing. `VerifiedMetadata.expires` says how long it still holds.
 *
 * @throws {BrecciaError} `no-baseline` when something was never kept; `expired` when it is too old to be
 * relied on; `root-missing`; the trust and storage families.
 */
export async function loadTrusted(options: OfflineOptions): Promise<VerifiedMetadata> {
  const { store, trustedRoot, now } = options;
  const root = await startingRoot(store, trustedRoot);
  const parts = await loadKept(store, root, now, "expired");
  return new VerifiedMetadata(
    parts,
    async (delegator, role) =>
      await TrustedTargets.verify(
        parts.snapshot,
        role.name,
        delegator.rule(role),
        await kept(store, role.name),
      ),
    metadataLimits(options.limits),
    true,
  );
}
