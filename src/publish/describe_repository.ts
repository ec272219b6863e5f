import type { ReleaseInfo, VersionOrder } from "../index/mod.ts";
import type { ObjectStore } from "../ports/mod.ts";
import { type KeyId, TOP_LEVEL_ROLES, type TopLevelRole } from "../tuf/mod.ts";
import { loadConfig } from "./app_config.ts";
import { loadIndex } from "./known_chunks.ts";
import { loadPublished, ruleOf } from "./published_metadata.ts";
import { listReleases } from "./release_list.ts";
import { draftedTargets, publishedTargets } from "./teams.ts";

/** A repository as its publisher sees it. */
export interface RepositoryDescription {
  readonly app: string;
  readonly order: VersionOrder;
  readonly roles: readonly RoleDescription[];
  readonly releases: readonly ReleaseDescription[];
}

/** Who signs a role, and until when. */
export interface RoleDescription {
  readonly role: TopLevelRole;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
  readonly threshold: number;
  readonly keyIds: readonly KeyId[];
}

/** A release and its size. */
export interface ReleaseDescription {
  readonly info: ReleaseInfo;
  /** True when it waits for `publish`. */
  readonly staged: boolean;
  readonly streamBytes: number;
  /** What a device with nothing fetches, in bytes. */
  readonly storedBytes: number;
  readonly indexBytes: number;
}

/**
 * Reads keys, expiries and releases, published and staged.
 *
 * @throws {BrecciaError} the codes of `loadConfig`, `loadPublished` and `loadIndex`.
 */
export async function describeRepository(store: ObjectStore): Promise<RepositoryDescription> {
  const { app, order } = await loadConfig(store);
  const published = await loadPublished(store);
  const draft = await draftedTargets(store, published);
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
  return { app, order, roles, releases };
}
