import { BrecciaError, isBrecciaError } from "../errors.ts";
import { deltaKey, packKey, type ReleaseInfo, targetKey } from "../index/mod.ts";
import { type Clock, type ManagedStore, type ObjectSource, systemClock } from "../ports/mod.ts";
import type { TargetFile } from "../tuf/mod.ts";
import { loadConfig } from "./app_config.ts";
import { noSuchRelease } from "./change_releases.ts";
import { binsOf, delegatesOf } from "./delegation.ts";
import { changeDraft, loadDraft } from "./drafts.ts";
import { loadIndex } from "./known_chunks.ts";
import { loadPublished, type PublishedMetadata } from "./published_metadata.ts";
import { type LicensedRelease, listReleases } from "./release_list.ts";
import { draftedTargets, publishedTargets } from "./teams.ts";

/** Which staged release is meant. */
export interface StagedChoice {
  /** Exactly as it was staged. */
  readonly version: string;
  /** All platforms that have the version staged unless given. */
  readonly platform?: string | undefined;
  /** Needed where several apps have the version staged. */
  readonly app?: string | undefined;
  /** Team that licenses it; the targets role or its hash bins unless given. */
  readonly team?: string | undefined;
}

/** What was taken back. */
export interface Unstaged {
  /** The releases, one for each platform. */
  readonly releases: readonly ReleaseInfo[];
  /** Objects that were stored for them and that nothing else needs: gone. */
  readonly removed: number;
  /** Packs that hold bytes of them and stay, since other releases need them. */
  readonly sharedPacks: readonly string[];
}

/**
 * Takes back a release that was staged and never published: its version is free again, and what was
 * stored for it alone is removed, so that neither `publish` nor a copy of the repository hands it out.
 * Everything else that is staged stays. Not to be run during an `add`, which may build upon it.
 *
 * @throws {BrecciaError} `version-missing`; `wrong-state` when it is published already; `usage` where
 * several apps have that version.
 */
export async function unstageRelease(
  store: ManagedStore,
  choice: StagedChoice,
  clock: Clock = systemClock,
): Promise<Unstaged> {
  const { order } = await loadConfig(store);
  const published = await loadPublished(store);
  const roles = await rolesOf(store, published, choice.team);
  const visible = publishedTargets(published);
  const isMeant = ({ info }: LicensedRelease): boolean =>
    info.version === choice.version &&
    (choice.platform === undefined || info.platform === choice.platform) &&
    (choice.app === undefined || info.app === choice.app);
  const drafted: LicensedRelease[] = [];
  for (const role of roles) {
    const { metadata } = await loadDraft(store, "targets", published, role);
    drafted.push(...listReleases(metadata, order).filter(isMeant));
  }
  const staged = drafted.filter(({ path }) => !visible.targets.has(path));
  if (staged.length === 0) throw notStaged(choice, drafted.length > 0);
  refuseSeveralApps(staged);

  const before = await contentOf(store, staged, (await draftedTargets(store, published)).targets);
  const paths = new Set(staged.flatMap(({ path, info }) => [path, info.archive, info.notes ?? ""]));
  for (const role of roles) {
    const draft = await loadDraft(store, "targets", published, role);
    if (![...draft.metadata.targets.keys()].some((path) => paths.has(path))) continue;
    await changeDraft(store, "targets", published, async (draft) => {
      const { targets } = publishedTargets(await loadPublished(store));
      if (staged.some(({ path }) => targets.has(path))) throw notStaged(choice, true);
      return {
        ...draft,
        targets: new Map([...draft.targets].filter(([path]) => !paths.has(path))),
      };
    }, { clock, name: role });
  }

  // What is left is read after the draft was changed: nothing that is staged now may lose a file.
  const { targets } = await draftedTargets(store, published);
  const left = await contentOf(store, listReleases({ targets }, order), targets, true);
  let removed = 0;
  const sharedPacks: string[] = [];
  for (const key of before) {
    if (left.has(key)) {
      if (key.startsWith("packs/")) sharedPacks.push(key);
      continue;
    }
    await store.delete(key);
    removed++;
  }
  return { releases: staged.map(({ info }) => info), removed, sharedPacks };
}

/** The roles whose drafts may license what is meant. */
async function rolesOf(
  store: ManagedStore,
  published: PublishedMetadata,
  team: string | undefined,
): Promise<readonly string[]> {
  if (team === undefined) {
    const { metadata } = await loadDraft(store, "targets", published);
    const bins = binsOf(metadata) === undefined ? [] : delegatesOf(metadata);
    return ["targets", ...bins.map(({ name }) => name)];
  }
  return [team];
}

/** Keys of everything that is stored for `releases`. With `all`, an index that can't be read is an error. */
async function contentOf(
  store: ObjectSource,
  releases: readonly LicensedRelease[],
  targets: ReadonlyMap<string, TargetFile>,
  all = false,
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const release of releases) {
    const { path, index: { hashes }, info } = release;
    keys.add(targetKey(path, hashes.get("sha256") ?? ""));
    const notes = info.notes === undefined ? undefined : targets.get(info.notes);
    if (info.notes !== undefined && notes !== undefined) {
      keys.add(targetKey(info.notes, notes.hashes.get("sha256") ?? ""));
    }
    const index = await loadIndex(store, release).catch((error) => {
      if (all || !isBrecciaError(error)) throw error;
      return undefined;
    });
    for (const { sha256 } of index?.packs ?? []) keys.add(packKey(sha256));
    for (const { sha256 } of index?.deltas ?? []) keys.add(deltaKey(sha256));
  }
  return keys;
}

function refuseSeveralApps(staged: readonly LicensedRelease[]): void {
  const apps = [...new Set(staged.map(({ info }) => info.app))];
  if (apps.length === 1) return;
  throw new BrecciaError(
    "usage",
    `Cannot tell which ${staged[0]?.info.version} to unstage: ${apps.join(", ")} have it staged; ` +
      "give --app",
  );
}

function notStaged({ version, platform }: StagedChoice, published: boolean): BrecciaError {
  if (!published) return noSuchRelease(version, platform);
  return new BrecciaError(
    "wrong-state",
    `Cannot unstage ${version}: it is published, and devices may have it; use \`breccia withdraw\``,
  );
}
