import type { DelegatedKeys, DelegationScope } from "./delegations.ts";
import { type HashBins, isBinName } from "./hash_bins.ts";
import { patternsMeet } from "./path_pattern.ts";
import type { RoleLoader } from "./role_failure.ts";
import type { Snapshot } from "./snapshot.ts";
import type { TrustedTargets } from "./trusted_targets.ts";

/**
 * Every targets role that can be reached by delegation, the top-level one first, each once. The number
 * of roles is bounded by what the snapshot lists: of hash bins, only those are asked for. With `wanted`,
 * roles that can speak of no path of these patterns are left out.
 *
 * @throws {BrecciaError} the errors of loading that do not fail a role alone.
 */
export async function* reachableRoles(
  targets: TrustedTargets,
  snapshot: Snapshot,
  loader: RoleLoader,
  wanted?: readonly string[],
): AsyncGenerator<TrustedTargets> {
  const listed = Array.from(snapshot.meta.keys(), (name) => name.replace(/\.json$/, ""));
  const visited = new Set([targets.role]);
  const pending = [targets];
  for (let role = pending.pop(); role !== undefined; role = pending.pop()) {
    yield role;
    const found: TrustedTargets[] = [];
    for (const delegated of delegatedBy(role, listed)) {
      if (visited.has(delegated.name) || !mayConcern(delegated.scope, wanted)) continue;
      const loaded = await loader.unlessFailed(() => loader.load(role, delegated));
      // One that fails for this delegator may still be reached through another.
      if (loaded === undefined) continue;
      visited.add(delegated.name);
      found.push(loaded);
    }
    pending.push(...found.reverse());
  }
}

function mayConcern(
  scope: DelegationScope | undefined,
  wanted: readonly string[] | undefined,
): boolean {
  if (wanted === undefined || scope === undefined || !("paths" in scope)) return true;
  return scope.paths.some((pattern) => wanted.some((other) => patternsMeet(pattern, other)));
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
