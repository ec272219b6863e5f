import { encodeHex, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { type DelegatedKeys, type DelegationScope, rolesFor } from "./delegations.ts";
import type { TrustedTargets } from "./trusted_targets.ts";
import { VerifiedTarget } from "./verified_target.ts";

/** Brings the metadata of a role that `delegator` delegates to, verified for this delegator. */
export type LoadRole = (delegator: TrustedTargets, role: DelegatedKeys) => Promise<TrustedTargets>;

/**
 * Finds who vouches for a target: a depth-first search of the delegations in order of priority
 * (TUF 5.6.7). Each role is asked once, so that cycles end; a terminating delegation that matches ends
 * the search behind it (TUF 5.6.7.2.1). A role that fails to load ends the search with its error: whoever
 * comes after it must not take what it may have listed.
 *
 * @throws {BrecciaError} `delegation-limit` when more than `maxVisits` roles would be asked, and the
 * errors of `loadRole`.
 */
export async function findTarget(
  path: string,
  targets: TrustedTargets,
  loadRole: LoadRole,
  maxVisits: number,
): Promise<VerifiedTarget | undefined> {
  const target = { path, hash: encodeHex(await sha256(new TextEncoder().encode(path))) };
  const visited = new Set<string>();
  // The next role to ask is the last of the stack.
  let pending: [
    role: string,
    scope: DelegationScope | undefined,
    load: () => Promise<TrustedTargets>,
  ][] = [
    [targets.role, undefined, () => Promise.resolve(targets)],
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [role, scope, load] = next;
    if (visited.has(role)) continue;
    // TUF 5.6.7.1: a bound on the roles that are visited.
    if (visited.size >= maxVisits) throw tooManyRoles(path, maxVisits);
    visited.add(role);
    const current = await load();
    const found = VerifiedTarget.in(current, path, scope);
    if (found !== undefined) return found;

    const { delegations } = current.signed;
    const candidates = delegations === undefined ? [] : rolesFor(delegations, target);
    const end = candidates.findIndex(({ terminating }) => terminating);
    if (end >= 0) pending = [];
    const asked = end >= 0 ? candidates.slice(0, end + 1) : candidates;
    for (const candidate of asked.toReversed()) {
      pending.push([candidate.name, candidate.scope, () => loadRole(current, candidate)]);
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
