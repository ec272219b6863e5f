import { type DelegatedRole, type SigningRule, SPEC_VERSION, type Targets } from "../tuf/mod.ts";

/** The role of a team that has not signed anything yet. */
export const NO_TARGETS: Targets = {
  type: "targets",
  specVersion: SPEC_VERSION,
  version: 0,
  expires: 0,
  targets: new Map(),
};

/** The teams that `targets` delegate to. Hash bins are no teams. */
export function teamsOf({ delegations }: Targets): readonly DelegatedRole[] {
  return delegations === undefined || "bitLength" in delegations.to ? [] : delegations.to;
}

/** Who must sign for a team, by what `targets` say; `undefined` when there is no such team. */
export function teamRule(targets: Targets, name: string): SigningRule | undefined {
  const role = teamsOf(targets).find((team) => team.name === name);
  if (role === undefined || targets.delegations === undefined) return undefined;
  return { role, keys: targets.delegations.keys, delegator: 'the role "targets"' };
}
