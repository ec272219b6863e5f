import { BrecciaError } from "../errors.ts";
import type { ExpiryCode } from "./expiry.ts";
import type { MetadataStore } from "./metadata_store.ts";
import { keptNamesOf } from "./role.ts";
import { CurrentRoot, type TrustedRoot } from "./trusted_root.ts";
import { CurrentSnapshot } from "./trusted_snapshot.ts";
import { TrustedTargets } from "./trusted_targets.ts";
import { CurrentTimestamp, TrustedTimestamp } from "./trusted_timestamp.ts";

/** What an earlier run kept, verified again as a whole. */
export interface KeptMetadata {
  /** The current snapshot, which knows its timestamp and root. */
  readonly snapshot: CurrentSnapshot;
  /** The top-level targets metadata. */
  readonly targets: TrustedTargets;
}

/**
 * Verifies all four kept files as if they had just been fetched.
 *
 * @throws {BrecciaError} `no-baseline` when one is not there; `expiryCode`; and the codes of whatever
 * refuses one.
 */
export async function loadKept(
  store: MetadataStore,
  newest: TrustedRoot,
  now: number,
  expiryCode: ExpiryCode,
): Promise<KeptMetadata> {
  const root = CurrentRoot.of(newest, now, expiryCode);
  const timestamp = CurrentTimestamp.of(
    root,
    await TrustedTimestamp.verify(root, await kept(store, "timestamp"), undefined),
  );
  const snapshot = await CurrentSnapshot.verify(
    timestamp,
    await kept(store, "snapshot"),
    undefined,
  );
  const targets = await TrustedTargets.verify(
    snapshot,
    "targets",
    root.rule("targets"),
    await kept(store, "targets"),
  );
  return { snapshot, targets };
}

/**
 * The kept metadata of a role.
 *
 * @throws {BrecciaError} `no-baseline` when there is none.
 */
export async function kept(store: MetadataStore, role: string): Promise<Uint8Array> {
  for (const name of keptNamesOf(role)) {
    const bytes = await store.get(name);
    if (bytes !== undefined) return bytes;
  }
  throw new BrecciaError(
    "no-baseline",
    `Cannot work offline: the metadata of the role ${
      JSON.stringify(role)
    } was never kept here, or was wiped; go online once`,
  );
}
