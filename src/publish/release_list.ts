import { BrecciaError } from "../errors.ts";
import {
  compareVersions,
  parseReleaseInfo,
  type ReleaseInfo,
  type VersionOrder,
} from "../index/mod.ts";
import type { TargetFile, Targets } from "../tuf/mod.ts";

/** A release that targets metadata license. */
export interface LicensedRelease {
  /** What targets metadata say of it. */
  readonly info: ReleaseInfo;
  /** Target path of its index. */
  readonly path: string;
  /** Signed length and hashes of its index. */
  readonly index: TargetFile;
}

/** The releases that `targets` license, oldest version first. */
export function listReleases(
  targets: Pick<Targets, "targets">,
  order: VersionOrder,
): readonly LicensedRelease[] {
  const releases: LicensedRelease[] = [];
  for (const [path, index] of targets.targets) {
    const info = parseReleaseInfo(path, index.custom);
    if (info?.order === order) releases.push({ info, path, index });
  }
  return releases.sort((a, b) =>
    compareVersions(order, a.info.version, b.info.version) ||
    (a.path < b.path ? -1 : 1)
  );
}

/**
 * Refuses a version that was published before, or that clients of the channel would not move to.
 *
 * @throws {BrecciaError} `version-malformed`, `version-duplicate` or `version-lower`
 */
export function checkNewVersion(
  targets: Pick<Targets, "targets">,
  release: Pick<ReleaseInfo, "app" | "version" | "order" | "platform"> & {
    readonly channel: string;
  },
  path: string,
): void {
  const { app, version, order, platform, channel } = release;
  const rivals = listReleases(targets, order)
    .filter(({ info }) => info.app === app && info.platform === platform);
  for (const { info } of rivals) {
    const same = compareVersions(order, version, info.version) === 0;
    if (same) throw duplicate(version, info.version, platform);
  }
  if (targets.targets.has(path)) throw duplicate(version, path, platform);
  const newest = rivals.filter(({ info }) => info.channels.includes(channel)).at(-1);
  if (newest !== undefined && compareVersions(order, version, newest.info.version) < 0) {
    throw new BrecciaError(
      "version-lower",
      `Cannot add ${version} for ${platform} to the channel ${channel}: ${newest.info.version} is ` +
        "there and comes after it; raise the version or use another channel",
    );
  }
}

function duplicate(version: string, existing: string, platform: string): BrecciaError {
  return new BrecciaError(
    "version-duplicate",
    `Cannot add ${version} for ${platform}: ${existing} is there already, and a release never ` +
      "changes; raise the version",
  );
}
