import type { DelegatedKeys, DelegationScope } from "./delegations.ts";
import { type HashBins, isBinName } from "./hash_bins.ts";
import { patternsMeet } from "./path_pattern.ts";
import type { RoleLoader } from "./role_failure.ts";
import type { Snapshot } from "./snapshot.ts";
import type { TrustedTargets } from "./trusted_targets.ts";
import type { WalkBudget } from "./walk_budget.ts";

/** A role of a walk over all delegations. */
export interface ReachedRole {
  /** Its metadata. */
  readonly targets: TrustedTargets;
  /** The role that the top-level targets delegate to on the way here; `"targets"` for that one itself. */
  readonly branch: string;
}

/** How a walk over all roles goes. */
export interface RoleWalk {
  /** Loads roles, and knows those that failed. */
  readonly loader: RoleLoader;
  /** Its processor time. */
  readonly budget: WalkBudget;
  /** See `RoleWalkOptions`. */
  readonly wanted: readonly string[] | undefined;
}

/** Steps that looking at a name or at a role costs, beside comparing it. */
const LOOK = 16;

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
  { loader, budget, wanted }: RoleWalk,
): AsyncGenerator<ReachedRole> {
  const listed = Array.from(snapshot.meta.keys(), (name) => name.replace(/\.json$/, ""));
  const visited = new Set([targets.role]);
  const pending: ReachedRole[] = [{ targets, branch: targets.role }];
  for (let reached = pending.pop(); reached !== undefined; reached = pending.pop()) {
    yield reached;
    const { targets: role, branch } = reached;
    const found: ReachedRole[] = [];
    // What is found before the branch has used up its share counts.
    await loader.unlessFailed(async () => {
      const pause = "bitLength" in (role.signed.delegations?.to ?? [])
        ? budget.spend(branch, LOOK * listed.length)
        : undefined;
      await pause;
      for (const delegated of delegatedBy(role, listed)) {
        const below = role === targets ? delegated.name : branch;
        await budget.spend(below, LOOK + costOf(delegated.scope, wanted));
        if (visited.has(delegated.name) || !mayConcern(delegated.scope, wanted)) continue;
        const loaded = await loader.unlessFailed(() => loader.load(role, delegated));
        // One that fails for this delegator may still be reached through another.
        if (loaded === undefined) continue;
        visited.add(delegated.name);
        found.push({ targets: loaded, branch: below });
      }
    });
    pending.push(...found.reverse());
  }
}

/** Steps of {@linkcode mayConcern}: a product of lengths for each pair of patterns. */
function costOf(scope: DelegationScope | undefined, wanted: readonly string[] = []): number {
  if (scope === undefined || !("paths" in scope) || wanted.length === 0) return 0;
  const lengths = scope.paths.reduce((sum, { length }) => sum + length + 1, 0);
  return lengths * wanted.reduce((sum, { length }) => sum + length + 1, 0);
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
