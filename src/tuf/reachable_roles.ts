import type { DelegatedKeys } from "./delegations.ts";
import type { LoadRole } from "./delegation_walk.ts";
import { type HashBins, isBinName } from "./hash_bins.ts";
import type { Snapshot } from "./snapshot.ts";
import type { TrustedTargets } from "./trusted_targets.ts";

/**
 * Every targets role that can be reached by delegation, the top-level one first, each once. The number
 * of roles is bounded by what the snapshot lists: of hash bins, only those are asked for.
 *
 * @throws {BrecciaError} the errors of `loadRole`.
 */
export async function* reachableRoles(
  targets: TrustedTargets,
  snapshot: Snapshot,
  loadRole: LoadRole,
): AsyncGenerator<TrustedTargets> {
  const listed = Array.from(snapshot.meta.keys(), (name) => name.replace(/\.json$/, ""));
  const visited = new Set([targets.role]);
  const pending = [targets];
  for (let role = pending.pop(); role !== undefined; role = pending.pop()) {
    yield role;
    const found: TrustedTargets[] = [];
    for (const delegated of delegatedBy(role, listed)) {
      if (visited.has(delegated.name)) continue;
      visited.add(delegated.name);
      found.push(await loadRole(role, delegated));
    }
    pending.push(...found.reverse());
  }
}

function delegatedBy(role: TrustedTargets, listed: readonly string[]): readonly DelegatedKeys[] {
  const to = role.signed.delegations?.to ?? [];
  return "bitLength" in to ? binsIn(to, listed) : to;
}

function binsIn(bins: HashBins, listed: readonly string[]): DelegatedKeys[] {
  return listed
    .filter((name) => isBinName(bins, name))
    .map((name) => ({ ...bins, name, terminating: true }));
}
