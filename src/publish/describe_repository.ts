import type { ReleaseInfo, VersionOrder } from "../index/mod.ts";
import type { ObjectStore } from "../ports/mod.ts";
import { type KeyId, TOP_LEVEL_ROLES, type TopLevelRole } from "../tuf/mod.ts";
import { loadConfig } from "./app_config.ts";
import { delegatesOf } from "./delegation.ts";
import { loadIndex } from "./known_chunks.ts";
import { type PublishedMetadata, ruleOf } from "./published_metadata.ts";
import { listReleases } from "./release_list.ts";
import { draftedTargets, publishedTargets } from "./teams.ts";

/** A repository as its publisher sees it. */
export interface RepositoryDescription {
  /** Name of the app. */
  readonly app: string;
  /** How its versions are ordered. */
  readonly order: VersionOrder;
  /** The top-level roles. */
  readonly roles: readonly RoleDescription[];
  /** The teams or hash bins that signed something, as the published targets have them. */
  readonly teams: readonly TeamDescription[];
  /** Oldest version first; published and staged. */
  readonly releases: readonly ReleaseDescription[];
}

/** Who signs a role, and until when. */
export interface RoleDescription {
  /** One of the top-level roles. */
  readonly role: TopLevelRole;
  /** Version of its published metadata. */
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** How many of its keys must sign. */
  readonly threshold: number;
  /** The keys that may sign. */
  readonly keyIds: readonly KeyId[];
}

/** Who signs for a team or a hash bin, and until when. */
export interface TeamDescription extends Omit<RoleDescription, "role"> {
  /** Its name. */
  readonly name: string;
}

/** A release and its size. */
export interface ReleaseDescription {
  /** What targets metadata say of it. */
  readonly info: ReleaseInfo;
  /** True when it waits for `publish`. */
  readonly staged: boolean;
  /** Length of its stream in bytes. */
  readonly streamBytes: number;
  /** What a device with nothing fetches, in bytes. */
  readonly storedBytes: number;
  /** Length of its stored index in bytes. */
  readonly indexBytes: number;
}

/**
 * Reads keys, expiries and releases, published and staged.
 *
 * @param troubles Teams that `loadPublished` left out; what they have staged is left out, too.
 * @throws {BrecciaError} the codes of `loadConfig` and `loadIndex`.
 */
export async function describeRepository(
  store: ObjectStore,
  published: PublishedMetadata,
  troubles: ReadonlyMap<string, unknown> = new Map(),
): Promise<RepositoryDescription> {
  const { app, order } = await loadConfig(store);
  const draft = await draftedTargets(store, published, troubles);
  const visible = publishedTargets(published).targets;
  const releases: ReleaseDescription[] = [];
  for (const release of listReleases(draft, order)) {
    const index = await loadIndex(store, release);
    let storedBytes = 0;
    for (const chunk of index.chunks) storedBytes += chunk.storedLength;
    releases.push({
      info: release.info,
      staged: !visible.has(release.path),
      streamBytes: index.streamBytes,
      storedBytes,
      indexBytes: release.index.length,
    });
  }
  const roles = TOP_LEVEL_ROLES.map((role): RoleDescription => {
    const { version, expires } = published[role];
    return { role, version, expires, ...ruleOf(published.root, role).role };
  });
  const teams: TeamDescription[] = [];
  for (const { name, keyIds, threshold } of delegatesOf(published.targets)) {
    const signed = published.teams.get(name)?.signed;
    if (signed === undefined) continue;
    teams.push({ name, version: signed.version, expires: signed.expires, threshold, keyIds });
  }
  return { app, order, roles, teams, releases };
}
