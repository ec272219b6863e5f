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
  /** Name of the app. */
  readonly app: string;
  /** How its versions are ordered. */
  readonly order: VersionOrder;
  /** The top-level roles. */
  readonly roles: readonly RoleDescription[];
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
