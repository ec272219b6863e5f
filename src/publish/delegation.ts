import { encodeHex, sha256 } from "../bytes/mod.ts";
import {
  binName,
  binRole,
  type DelegatedRole,
  type HashBins,
  type RoleKeys,
  type SigningRule,
  SPEC_VERSION,
  type Targets,
} from "../tuf/mod.ts";

/** A role below the top-level targets: a team, or a hash bin. */
export type Delegate = RoleKeys & { readonly name: string };

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

/** The hash bins that `targets` delegate to, or `undefined` when they delegate to teams or nobody. */
export function binsOf({ delegations }: Targets): HashBins | undefined {
  return delegations !== undefined && "bitLength" in delegations.to ? delegations.to : undefined;
}

/** `targets` without their delegations to some teams, and without the keys that only those have. */
export function withoutTeams(targets: Targets, names: ReadonlySet<string>): Targets {
  const { delegations, ...rest } = targets;
  if (delegations === undefined || names.size === 0) return targets;
  const to = teamsOf(targets).filter(({ name }) => !names.has(name));
  if (to.length === 0) return rest;
  const used = new Set(to.flatMap(({ keyIds }) => keyIds));
  const keys = new Map([...delegations.keys].filter(([keyId]) => used.has(keyId)));
  return { ...rest, delegations: { ...delegations, keys, to } };
}

/** Every role that `targets` delegate to: teams, or all hash bins. */
export function delegatesOf(targets: Targets): readonly Delegate[] {
  const bins = binsOf(targets);
  if (bins === undefined) return teamsOf(targets);
  const { keyIds, threshold } = bins;
  return Array.from(
    { length: 2 ** bins.bitLength },
    (_, bin) => ({ name: binName(bins, bin), keyIds, threshold }),
  );
}

/** The bin that licenses a target path (TAP 15: by the first bits of the path's SHA-256). */
export async function binFor(bins: HashBins, path: string): Promise<string> {
  return binRole(bins, encodeHex(await sha256(new TextEncoder().encode(path)))).name;
}

/** Who must sign for a team or a bin, by what `targets` say; `undefined` when there is none such. */
export function teamRule(targets: Targets, name: string): SigningRule | undefined {
  const role = delegatesOf(targets).find((delegate) => delegate.name === name);
  if (role === undefined || targets.delegations === undefined) return undefined;
  return { role, keys: targets.delegations.keys, delegator: 'the role "targets"' };
}
