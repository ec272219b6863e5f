import { BrecciaError } from "../errors.ts";
import { compareVersions, type ReleaseInfo, releaseInfoToCustom } from "../index/mod.ts";
import { type Clock, type ObjectStore, systemClock } from "../ports/mod.ts";
import type { Targets } from "../tuf/mod.ts";
import { checkName, loadConfig } from "./app_config.ts";
import { binFor, binsOf } from "./delegation.ts";
import { changeDraft, loadDraft } from "./drafts.ts";
import { loadPublished } from "./published_metadata.ts";
import { type LicensedRelease, listReleases } from "./release_list.ts";
import { draftedTargets } from "./teams.ts";

/** Which release is meant: a version, for one platform or for all that have it. */
export interface ReleaseChoice {
  /** Exactly as it was published. */
  readonly version: string;
  /** All platforms that have the version unless given. */
  readonly platform?: string | undefined;
  /** Team that licenses it; the targets role unless given. */
  readonly team?: string | undefined;
  /** Tells from when a draft counts its validity; the runtime's unless given. */
  readonly clock?: Clock;
}

/**
 * Takes a release from every channel: clients leave it for the newest that is offered, by their policy
 * forward or back. It stays signed, so that those who have it can still repair it.
 *
 * @throws {BrecciaError} `version-missing`
 */
export function withdrawRelease(
  store: ObjectStore,
  choice: ReleaseChoice,
): Promise<readonly ReleaseInfo[]> {
  return changeReleases(store, choice, ({ info }) => ({ ...info, channels: [] }));
}

/**
 * Offers a release on one more channel.
 *
 * @throws {BrecciaError} `version-missing`; `version-lower` when the channel has a later version.
 */
export function promoteRelease(
  store: ObjectStore,
  choice: ReleaseChoice & { readonly to: string },
): Promise<readonly ReleaseInfo[]> {
  const { to } = choice;
  checkName("a channel", to);
  return changeReleases(store, choice, ({ info }, all) => {
    const newest = all.filter(({ info: { platform, channels } }) =>
      platform === info.platform && channels.includes(to)
    ).at(-1);
    if (
      newest !== undefined && compareVersions(info.order, info.version, newest.info.version) < 0
    ) {
      throw new BrecciaError(
        "version-lower",
        `Cannot promote ${info.version} for ${info.platform} to ${to}: ${newest.info.version} is ` +
          "there and comes after it; promote a later version or withdraw that one first",
      );
    }
    return { ...info, channels: [...new Set([...info.channels, to])].sort() };
  });
}

/**
 * Offers a release to a share of all devices, chosen by an identity that stays with each of them; 100
 * offers it to all.
 *
 * @throws {BrecciaError} `version-missing`
 */
export function rollOutRelease(
  store: ObjectStore,
  choice: ReleaseChoice & { readonly percent: number },
): Promise<readonly ReleaseInfo[]> {
  return changeReleases(store, choice, ({ info: { rollout: _before, ...info } }) => ({
    ...info,
    ...(choice.percent === 100 ? {} : { rollout: choice.percent }),
  }));
}

async function changeReleases(
  store: ObjectStore,
  { version, platform, team, clock = systemClock }: ReleaseChoice,
  change: (release: LicensedRelease, all: readonly LicensedRelease[]) => ReleaseInfo,
): Promise<readonly ReleaseInfo[]> {
  const { order } = await loadConfig(store);
  const published = await loadPublished(store);
  const top = (await loadDraft(store, "targets", published)).metadata;
  const bins = team === undefined ? binsOf(top) : undefined;
  const isMeant = ({ info }: LicensedRelease): boolean =>
    info.version === version && (platform === undefined || info.platform === platform);
  const changeIn = async (
    draft: Targets,
    all: readonly LicensedRelease[],
    changed: ReleaseInfo[],
  ): Promise<Targets> => {
    const targets = new Map(draft.targets);
    for (const release of all.filter(isMeant)) {
      if (!targets.has(release.path)) continue;
      const info = change(release, all);
      targets.set(release.path, { ...release.index, custom: releaseInfoToCustom(info) });
      changed.push(info);
    }
    return await Promise.resolve({ ...draft, targets });
  };
  let changed: ReleaseInfo[] = [];
  if (bins === undefined) {
    await changeDraft(store, "targets", published, (draft): Promise<Targets> => {
      changed = [];
      return changeIn(draft, listReleases(draft, order), changed);
    }, { clock, name: team });
  } else {
    // The draft of a bin is changed only where it licenses what is meant.
    const all = listReleases(await draftedTargets(store, published), order);
    for (const { path } of all.filter(isMeant)) {
      const inBin: ReleaseInfo[] = [];
      const name = top.targets.has(path) ? "targets" : await binFor(bins, path);
      await changeDraft(store, "targets", published, (draft): Promise<Targets> => {
        inBin.length = 0;
        return changeIn(draft, all, inBin);
      }, { clock, name });
      changed.push(...inBin);
    }
  }
  if (changed.length === 0) throw noSuchRelease(version, platform);
  return changed;
}

/** No release is what was asked for. */
export function noSuchRelease(version: string, platform: string | undefined): BrecciaError {
  const where = platform === undefined ? "" : ` for ${platform}`;
  return new BrecciaError(
    "version-missing",
    `Cannot find ${version}${where}: no such release is published or staged; see \`breccia inspect\``,
  );
}
