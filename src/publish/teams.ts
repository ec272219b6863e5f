import { BrecciaError } from "../errors.ts";
import { type Clock, type ObjectStore, systemClock } from "../ports/mod.ts";
import {
  computeKeyId,
  type DelegatedRole,
  isDelegatedName,
  type Key,
  type KeyId,
  matchesPathPattern,
  type TargetFile,
  type Targets,
} from "../tuf/mod.ts";
import { checkName } from "./app_config.ts";
import { delegatesOf, teamsOf } from "./delegation.ts";
import { changeDraft, loadDraft } from "./drafts.ts";
import { loadPublished, type PublishedMetadata } from "./published_metadata.ts";

/** A team that signs its own releases. */
export interface Team {
  /** Name of its role. */
  readonly name: string;
  /** Patterns of the target paths that it may license: `"editor-*"`. */
  readonly paths: readonly string[];
  /** The keys that may sign. */
  readonly keys: readonly Key[];
  /** How many of its keys must sign. */
  readonly threshold: number;
}

/**
 * Lets a team sign for some target paths, terminating: what its patterns match is licensed by nobody
 * after it. Named again, it gets these keys and patterns instead. Drafted, like a release, and with it
 * what the team is to sign.
 *
 * @throws {BrecciaError} `usage` on a name that is taken by a role, or a threshold that the keys
 * can't meet; `repository-malformed` where the repository delegates by hash bins.
 */
export async function delegateToTeam(
  store: ObjectStore,
  team: Team,
  clock: Clock = systemClock,
): Promise<void> {
  checkTeam(team);
  const published = await loadPublished(store);
  const added = new Map<KeyId, Key>();
  for (const key of team.keys) added.set(await computeKeyId(key), key);
  const role: DelegatedRole = {
    name: team.name,
    keyIds: [...added.keys()],
    threshold: team.threshold,
    terminating: true,
    scope: { paths: team.paths },
  };
  await changeDraft(store, "targets", published, (targets) => {
    const twin = teamsOf(targets).find(({ name }) => isTwin(name, team.name));
    if (twin !== undefined) {
      throw new BrecciaError(
        "usage",
        `Cannot delegate to ${team.name}: on some file systems it is the same name as ${twin.name}; ` +
          `choose another`,
      );
    }
    if (targets.delegations !== undefined && "bitLength" in targets.delegations.to) {
      throw new BrecciaError(
        "repository-malformed",
        `Cannot delegate to ${team.name}: this repository delegates by hash bins; use another one`,
      );
    }
    const roles = [...teamsOf(targets).filter(({ name }) => name !== team.name), role];
    const used = new Set(roles.flatMap(({ keyIds }) => keyIds));
    const keys = [...targets.delegations?.keys ?? [], ...added]
      .filter(([keyId]) => used.has(keyId));
    return { ...targets, delegations: { ...targets.delegations, keys: new Map(keys), to: roles } };
  }, { clock });
  // The team has to sign, whatever it stages: here is what it signs, with these keys or on other machines.
  await changeDraft(store, "targets", published, (draft) => draft, { clock, name: team.name });
}

/**
 * Refuses target paths that a team may not license; clients would not find them.
 *
 * @throws {BrecciaError} `policy-unsafe`; `usage` when there is no such team.
 */
export async function checkTeamPaths(
  store: ObjectStore,
  published: PublishedMetadata,
  name: string,
  paths: Iterable<string>,
): Promise<void> {
  const { metadata } = await loadDraft(store, "targets", published);
  const team = teamsOf(metadata).find((team) => team.name === name);
  if (team === undefined) {
    throw new BrecciaError(
      "usage",
      `There is no team ${name}: make it with \`breccia delegate ${name}\``,
    );
  }
  const patterns = "paths" in team.scope ? team.scope.paths : [];
  for (const path of paths) {
    if (patterns.some((pattern) => matchesPathPattern(pattern, path))) continue;
    throw new BrecciaError(
      "policy-unsafe",
      `Cannot let ${name} license ${path}: it may sign for ${
        patterns.join(", ")
      } only; name the app ` +
        "with --app, or delegate more",
    );
  }
}

/** Every target of the top-level role and of the teams, as published. */
export function publishedTargets(
  published: PublishedMetadata,
): { readonly targets: ReadonlyMap<string, TargetFile> } {
  const teams = [...published.teams.values()].map(({ signed }) => signed);
  return { targets: mergeTargets([published.targets, ...teams]) };
}

/** The same, with what is staged, of every team but those in `without`. */
export async function draftedTargets(
  store: ObjectStore,
  published: PublishedMetadata,
  without: ReadonlyMap<string, unknown> = new Map(),
): Promise<{ readonly targets: ReadonlyMap<string, TargetFile> }> {
  const { metadata } = await loadDraft(store, "targets", published);
  const drafts = [metadata];
  for (const { name } of delegatesOf(metadata)) {
    if (without.has(name)) continue;
    drafts.push((await loadDraft(store, "targets", published, name)).metadata);
  }
  return { targets: mergeTargets(drafts) };
}

/** Of two licenses for one path the first counts, as for clients. */
function mergeTargets(roles: readonly Targets[]): ReadonlyMap<string, TargetFile> {
  return new Map(roles.toReversed().flatMap(({ targets }) => [...targets]));
}

function checkTeam({ name, keys, threshold }: Team): void {
  checkName("the name of a team", name);
  if (!isDelegatedName(name)) {
    throw new BrecciaError(
      "usage",
      `Cannot call a team ${name}: it is too long, or its file would stand where a top-level role's ` +
        `stands; take another name`,
    );
  }
  if (threshold > keys.length) {
    throw new BrecciaError(
      "usage",
      `Cannot ask ${name} for ${threshold} signatures: it has ${keys.length} keys; give more`,
    );
  }
}

/** Whether two names differ, and are one where case is folded or Unicode normalised. */
function isTwin(a: string, b: string): boolean {
  const folded = (name: string): string => name.normalize("NFKC").toLowerCase();
  return a !== b && folded(a) === folded(b);
}
