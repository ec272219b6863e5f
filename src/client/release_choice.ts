import { BrecciaError } from "../errors.ts";
import { compareVersions, isVersion, type ReleaseInfo } from "../index/mod.ts";
import type { VerifiedMetadata } from "../tuf/mod.ts";
import { followApp, type OfferedRelease } from "./app_releases.ts";

/** A release as the device remembers it. */
export interface KnownRelease {
  readonly version: string;
  /** SHA-256 of its index in hex. */
  readonly index: string;
}

/** What a device follows. */
export interface ReleaseFilter {
  /** Without it, the first role that offers an app on the channel must offer one only. */
  readonly app?: string | undefined;
  /** The role whose release of the app is installed. */
  readonly role?: string | undefined;
  readonly channel: string;
  /** Releases for `any` platform fit everywhere. */
  readonly platform: string;
  /** This version only, also outside its rollout, and also when it is held. */
  readonly version?: string | undefined;
  /** Whether a lower version than the installed one may take its place. */
  readonly allowDowngrade?: boolean | undefined;
  /** What runs: never left only because its rollout is narrow, and left by way of required versions. */
  readonly installed?: KnownRelease | undefined;
  /** What a rollback left: it and what is below wait for a newer version. */
  readonly held?: KnownRelease | undefined;
  /** Ends the choice. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a phased rollout includes this device. */
  readonly isInRollout: (info: ReleaseInfo) => Promise<boolean>;
}

/** What a device should run. */
export interface ReleaseChoice {
  /** The release; what is installed when nothing is to change; `undefined` when that is offered no more. */
  readonly offer: OfferedRelease | undefined;
  /** What was ignored or held back, and why, for people. */
  readonly notes: readonly string[];
}

/**
 * The release that a device should move to: of those that fit, the highest version, or the one asked for.
 * A required version between the installed one and the highest comes first: it is a stepping stone. The
 * way down is taken by itself only from a release that was withdrawn.
 *
 * @throws {BrecciaError} `version-missing` when nothing fits; `version-lower` and `version-required` when
 * the version asked for is below the installed one, or behind a stepping stone; `usage` when several apps fit.
 */
export async function selectRelease(
  metadata: VerifiedMetadata,
  filter: ReleaseFilter,
): Promise<ReleaseChoice> {
  const { app, role, signal } = filter;
  const fitting = (info: ReleaseInfo): boolean => fits(info, filter);
  const { releases, notes, several = [] } = await followApp(metadata, {
    app,
    role,
    fits: fitting,
    signal,
  });
  if (several.length > 1) throw severalApps(several, filter);
  const offers = releases.filter(({ info }) => fitting(info))
    .sort((a, b) => compareOffers(b.info, a.info, filter.platform));
  const best = filter.version === undefined
    ? await firstAdmitted(offers, filter)
    : offers.find(({ info }) => info.version === filter.version);
  if (best === undefined) throw nothingFits(filter, notes);
  return filter.version === undefined
    ? newest(best, { offers, releases, notes, filter })
    : { offer: askedFor(best, offers, filter), notes };
}

interface Situation {
  readonly offers: readonly OfferedRelease[];
  /** All of the app: withdrawn ones and those of other channels, too. */
  readonly releases: readonly OfferedRelease[];
  readonly notes: readonly string[];
  readonly filter: ReleaseFilter;
}

function newest(
  best: OfferedRelease,
  { offers, releases, notes, filter }: Situation,
): ReleaseChoice {
  const { installed, held, allowDowngrade } = filter;
  if (installed === undefined || best.indexSha256 === installed.index) {
    return { offer: best, notes };
  }
  const running = releases.find(({ indexSha256 }) => indexSha256 === installed.index);
  const stay = (note: string): ReleaseChoice => ({ offer: running, notes: [...notes, note] });
  if (held !== undefined && difference(best, held) <= 0) {
    return stay(
      `${held.version} is held since a rollback left it: it comes again when a newer version is ` +
        `published, or after \`breccia resume\``,
    );
  }
  if (difference(best, installed) >= 0) {
    return { offer: steppingStone(offers, best, installed) ?? best, notes };
  }
  if (running?.info.channels.length === 0) {
    const note =
      `${installed.version} was withdrawn: ${best.info.version} is the best that is offered`;
    return { offer: best, notes: [...notes, note] };
  }
  if (allowDowngrade === true) return { offer: best, notes };
  return stay(
    `${best.info.version} is the newest that is offered, below the installed ${installed.version}; ` +
      `--allow-downgrade goes down to it`,
  );
}

/** The release that was asked for by its version, if the way to it is open. */
function askedFor(
  asked: OfferedRelease,
  offers: readonly OfferedRelease[],
  { installed, allowDowngrade }: ReleaseFilter,
): OfferedRelease {
  if (installed === undefined || asked.indexSha256 === installed.index) return asked;
  const { app, version } = asked.info;
  if (difference(asked, installed) < 0) {
    if (allowDowngrade === true) return asked;
    throw new BrecciaError(
      "version-lower",
      `Cannot go from ${app} ${installed.version} down to ${version} unasked: faults that were mended ` +
        `since come back, and data that ${installed.version} wrote may not be read; ` +
        `give --allow-downgrade if that is meant`,
    );
  }
  const stone = steppingStone(offers, asked, installed);
  if (stone === undefined) return asked;
  throw new BrecciaError(
    "version-required",
    `Cannot go from ${app} ${installed.version} to ${version} at once: the publisher requires ` +
      `${stone.info.version} on the way; update to ${stone.info.version} first`,
  );
}

async function firstAdmitted(
  offers: readonly OfferedRelease[],
  { installed, isInRollout }: ReleaseFilter,
): Promise<OfferedRelease | undefined> {
  for (const offer of offers) {
    if (offer.indexSha256 === installed?.index || await isInRollout(offer.info)) return offer;
  }
  return undefined;
}

/** The lowest required version above what is installed, if it comes before `best`. */
function steppingStone(
  offers: readonly OfferedRelease[],
  best: OfferedRelease,
  installed: KnownRelease,
): OfferedRelease | undefined {
  return offers.findLast((offer) =>
    offer.info.required === true && difference(offer, installed) > 0 &&
    difference(offer, best.info) < 0
  );
}

/** How an offer compares with a version; above one that its order can't read. */
function difference({ info }: OfferedRelease, { version }: { readonly version: string }): number {
  return isVersion(info.order, version) ? compareVersions(info.order, info.version, version) : 1;
}

function fits(info: ReleaseInfo, { channel, platform }: ReleaseFilter): boolean {
  return info.channels.includes(channel) &&
    (info.platform === platform || info.platform === "any");
}

/** By version; of equal ones, the build for this platform before the one for any. */
function compareOffers(a: ReleaseInfo, b: ReleaseInfo, platform: string): number {
  const order = compareVersions(a.order, a.version, b.version);
  if (order !== 0) return order;
  return Number(a.platform === platform) - Number(b.platform === platform);
}

function severalApps(apps: readonly string[], { channel }: ReleaseFilter): BrecciaError {
  return new BrecciaError(
    "usage",
    `Cannot choose an app: channel ${channel} offers ${apps.join(", ")}; name one with --app`,
  );
}

function nothingFits(
  { app, channel, platform, version }: ReleaseFilter,
  notes: readonly string[],
): BrecciaError {
  const what = [app ?? "any app", version].filter(Boolean).join(" ");
  const ignored = notes.length === 0 ? "" : ` (${notes.join("; ")})`;
  return new BrecciaError(
    "version-missing",
    `Cannot find ${what} for platform ${platform} in channel ${channel}: no signed release fits` +
      `${ignored}; check the names, or ask the publisher`,
  );
}
