import { BrecciaError } from "../errors.ts";
import { compareVersions, parseReleaseInfo, type ReleaseInfo } from "../index/mod.ts";
import type { VerifiedMetadata, VerifiedTarget } from "../tuf/mod.ts";

/** A release that signed metadata offers, and the target that is its index. */
export interface OfferedRelease {
  readonly info: ReleaseInfo;
  readonly index: VerifiedTarget;
  /** SHA-256 of the index in hex, as signed. */
  readonly indexSha256: string;
}

/** What a device follows. */
export interface ReleaseFilter {
  /** Without it, the channel must offer one app only. */
  readonly app?: string | undefined;
  readonly channel: string;
  /** Releases for `any` platform fit everywhere. */
  readonly platform: string;
  /** This version only, also outside its rollout. */
  readonly version?: string | undefined;
  /** What runs: never left only because its rollout is narrow, and left by way of required versions. */
  readonly installed?: { readonly version: string; readonly index: string } | undefined;
  /** Whether a phased rollout includes this device. */
  readonly isInRollout: (info: ReleaseInfo) => Promise<boolean>;
}

/**
 * The release that a device should move to: of those that fit, the highest version, or the one asked for.
 * A version that was withdrawn is offered no more, so the choice can be lower than what is installed. A
 * required version between the installed one and the highest comes first: it is a stepping stone.
 *
 * @throws {BrecciaError} `version-missing` when nothing fits; `usage` when several apps do.
 */
export async function selectRelease(
  metadata: VerifiedMetadata,
  filter: ReleaseFilter,
): Promise<OfferedRelease> {
  const offers: OfferedRelease[] = [];
  for await (const index of metadata.allTargets()) {
    const info = parseReleaseInfo(index.custom);
    const indexSha256 = index.hashes.get("sha256");
    if (info === undefined || indexSha256 === undefined || !fits(info, filter)) continue;
    offers.push({ info, index, indexSha256 });
  }
  const apps = new Set(offers.map(({ info }) => info.app));
  if (apps.size > 1) {
    throw new BrecciaError(
      "usage",
      `Cannot choose an app: channel ${filter.channel} offers ${
        [...apps].join(", ")
      }; name one with --app`,
    );
  }
  offers.sort((a, b) => compareOffers(b.info, a.info, filter.platform));
  const best = await firstAdmitted(offers, filter);
  if (best === undefined) throw nothingFits(filter);
  return filter.version === undefined ? steppingStone(offers, best, filter) : best;
}

async function firstAdmitted(
  offers: readonly OfferedRelease[],
  { version, installed, isInRollout }: ReleaseFilter,
): Promise<OfferedRelease | undefined> {
  for (const offer of offers) {
    const kept = version !== undefined || offer.indexSha256 === installed?.index;
    if (kept || await isInRollout(offer.info)) return offer;
  }
  return undefined;
}

/** The lowest required version above what is installed, if it comes before `best`. */
function steppingStone(
  offers: readonly OfferedRelease[],
  best: OfferedRelease,
  { installed }: ReleaseFilter,
): OfferedRelease {
  if (installed === undefined) return best;
  const { order, version } = best.info;
  return offers.findLast(({ info }) =>
    info.required === true && compareVersions(order, info.version, installed.version) > 0 &&
    compareVersions(order, info.version, version) < 0
  ) ?? best;
}

function fits(info: ReleaseInfo, filter: ReleaseFilter): boolean {
  return info.channels.includes(filter.channel) &&
    (info.platform === filter.platform || info.platform === "any") &&
    (filter.app === undefined || info.app === filter.app) &&
    (filter.version === undefined || info.version === filter.version);
}

/** By version; of equal ones, the build for this platform before the one for any. */
function compareOffers(a: ReleaseInfo, b: ReleaseInfo, platform: string): number {
  const order = compareVersions(a.order, a.version, b.version);
  if (order !== 0) return order;
  return Number(a.platform === platform) - Number(b.platform === platform);
}

function nothingFits({ app, channel, platform, version }: ReleaseFilter): BrecciaError {
  const what = [app ?? "any app", version].filter(Boolean).join(" ");
  return new BrecciaError(
    "version-missing",
    `Cannot find ${what} for platform ${platform} in channel ${channel}: no signed release fits; ` +
      `check the names, or ask the publisher`,
  );
}
