import { compareVersions, type ReleaseIndex, type ReleaseInfo } from "../index/mod.ts";
import type { Catalog, CatalogRelease } from "./catalog.ts";
import { type Novelty, noveltyOf } from "./novelty.ts";

/** A release, and how much of it is new. */
export interface ReleaseNovelty {
  /** The release. */
  readonly info: ReleaseInfo;
  /** Which of its chunks are new. */
  readonly novelty: Novelty;
}

/**
 * The newest `count` releases, newest first within an app and platform, each compared with the one
 * before it in version order.
 */
export async function releaseNovelties(
  catalog: Catalog,
  openIndex: (release: CatalogRelease) => Promise<ReleaseIndex>,
  count: number,
): Promise<ReleaseNovelty[]> {
  const lines = Map.groupBy(catalog.releases, ({ info }) => `${info.app}/${info.platform}`);
  const pairs = [...lines.values()].flatMap((line) => {
    const newestFirst = line.toSorted((a, b) =>
      compareVersions(a.info.order, b.info.version, a.info.version)
    );
    return newestFirst.map((release, at) => ({ release, before: newestFirst[at + 1] }));
  });
  const novelties: ReleaseNovelty[] = [];
  for (const { release, before } of pairs.slice(0, count)) {
    const index = await openIndex(release);
    const novelty = noveltyOf(index, before && await openIndex(before));
    novelties.push({ info: release.info, novelty });
  }
  return novelties;
}
