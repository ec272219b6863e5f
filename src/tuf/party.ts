import { isBinName } from "./hash_bins.ts";
import type { VerifiedMetadata } from "./verified_metadata.ts";
import type { VerifiedTarget } from "./verified_target.ts";

/**
 * Who vouches for a target, where it matters that two targets are of one publisher: the role that lists
 * it. The hash bins of the top-level role (TAP 15) are one party with it: they split its list by hash, not
 * by who may say what.
 */
export function partyOf(
  metadata: VerifiedMetadata,
  { role }: Pick<VerifiedTarget, "role">,
): string {
  const to = metadata.targets.delegations?.to ?? [];
  return "bitLength" in to && isBinName(to, role) ? "targets" : role;
}
