import { encodeHex } from "../../bytes/mod.ts";
import { compareVersions, type ReleaseIndex, type ReleaseInfo } from "../../index/mod.ts";
import type { Catalog } from "../state/catalog.ts";
import type { CatalogRelease } from "../state/catalog_release.ts";
import { type ChangeMap, noveltyOf } from "./change_map.ts";

/** A release, and how much of it is new. */
export interface ReleaseDiff {
  /** The release. */
  readonly info: ReleaseInfo;
  /** Which of its chunks are new. */
  readonly novelty: ChangeMap;
  /** Length of the delta from the release before it, in bytes, if there is one. */
  readonly deltaBytes: number | undefined;
}

/** What deltas save who comes from the release before: bytes of deltas, and of the chunks they stand for. */
export interface DeltaSavings {
  /** How many deltas. */
  readonly deltas: number;
  /** Their length together. */
  readonly bytes: number;
  /** What the same updates take as chunks. */
  readonly chunkBytes: number;
}

/** Sums what the deltas of `releases` save. */
export function deltaSavings(releases: readonly ReleaseDiff[]): DeltaSavings {
  const savings = { deltas: 0, bytes: 0, chunkBytes: 0 };
  for (const { deltaBytes, novelty } of releases) {
    if (deltaBytes === undefined) continue;
    savings.deltas++;
    savings.bytes += deltaBytes;
    savings.chunkBytes += novelty.newStoredBytes;
  }
  return savings;
}

/**
 * The newest `count` releases, newest first within an app and platform, each compared with the one
 * before it in version order.
 */
export async function releaseDiffs(
  catalog: Catalog,
  openIndex: (release: CatalogRelease) => Promise<ReleaseIndex>,
  count: number,
): Promise<ReleaseDiff[]> {
  const lines = Map.groupBy(catalog.releases, ({ info }) => `${info.app}/${info.platform}`);
  const pairs = [...lines.values()].flatMap((line) => {
    const newestFirst = line.toSorted((a, b) =>
      compareVersions(a.info.order, b.info.version, a.info.version)
    );
    return newestFirst.map((release, at) => ({ release, before: newestFirst[at + 1] }));
  });
  const novelties: ReleaseDiff[] = [];
  for (const { release, before } of pairs.slice(0, count)) {
    const index = await openIndex(release);
    const older = before && await openIndex(before);
    novelties.push({
      info: release.info,
      novelty: noveltyOf(index, older),
      deltaBytes: older && deltaBetween(older, index),
    });
  }
  return novelties;
}

/** Length of the shortest delta of `index` that starts from `before`. */
function deltaBetween(before: ReleaseIndex, index: ReleaseIndex): number | undefined {
  const base = encodeHex(before.streamSha256);
  const lengths = index.deltas.filter(({ baseSha256 }) => encodeHex(baseSha256) === base)
    .map(({ bytes }) => bytes);
  return lengths.length === 0 ? undefined : Math.min(...lengths);
}
