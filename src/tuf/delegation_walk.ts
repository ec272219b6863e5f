import { BrecciaError } from "../errors.ts";
import { type DelegatedKeys, type DelegationScope, rolesFor } from "./delegations.ts";
import type { TrustedTargets } from "./trusted_targets.ts";
import type { WalkBudget } from "./walk_budget.ts";
import { VerifiedTarget } from "./verified_target.ts";

/** Brings the metadata of a role that `delegator` delegates to, verified for this delegator. */
export type LoadRole = (delegator: TrustedTargets, role: DelegatedKeys) => Promise<TrustedTargets>;

/** Bounds of one look-up. */
export interface LookUp {
  /** The most roles that it visits. */
  readonly maxVisits: number;
  /** Its processor time. */
  readonly budget: WalkBudget;
  /** The branch that pays for comparing the path with the patterns of the top-level targets. */
  readonly asker: string;
}

/**
 * Finds who vouches for a target: a depth-first search of the delegations in order of priority
 * (TUF 5.6.7). Each role is asked once, so that cycles end; a terminating delegation that matches ends
 * the search behind it (TUF 5.6.7.2.1). A role that fails to load ends the search with its error: whoever
 * comes after it must not take what it may have listed.
 *
 * @throws {BrecciaError} `delegation-limit` when more than `maxVisits` roles would be asked, or a branch has
 * used up its share of `budget`; the errors of `loadRole`; the reason of the budget's signal.
 */
export async function findTarget(
  path: string,
  targets: TrustedTargets,
  loadRole: LoadRole,
  { maxVisits, budget, asker }: LookUp,
): Promise<VerifiedTarget | undefined> {
  const visited = new Set<string>();
  // The next role to ask is the last of the stack.
  let pending: [
    role: string,
    scope: DelegationScope | undefined,
    branch: string,
    load: () => Promise<TrustedTargets>,
  ][] = [
    [targets.role, undefined, asker, () => Promise.resolve(targets)],
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [role, scope, branch, load] = next;
    if (visited.has(role)) continue;
    // TUF 5.6.7.1: a bound on the roles that are visited.
    if (visited.size >= maxVisits) throw tooManyRoles(path, maxVisits);
    visited.add(role);
    const current = await load();
    const found = VerifiedTarget.in(current, path, scope);
    if (found !== undefined) return found;

    const { delegations } = current.signed;
    const spend = (steps: number) => budget.spend(branch, steps);
    const candidates = delegations === undefined ? [] : await rolesFor(delegations, path, spend);
    const end = candidates.findIndex(({ terminating }) => terminating);
    if (end >= 0) pending = [];
    const asked = end >= 0 ? candidates.slice(0, end + 1) : candidates;
    for (const candidate of asked.toReversed()) {
      const below = current === targets ? candidate.name : branch;
      pending.push([candidate.name, candidate.scope, below, () => loadRole(current, candidate)]);
    }
  }
  return undefined;
}

function tooManyRoles(path: string, maxVisits: number): BrecciaError {
  return new BrecciaError(
    "delegation-limit",
    `Cannot look up the target ${
      JSON.stringify(path)
    }: more than ${maxVisits} roles would have to be asked; tell the publisher to delegate less deeply`,
  );
}
