import { BrecciaError } from "../errors.ts";
import type { ReleaseIndex } from "../index/mod.ts";
import type { ObjectStore } from "../ports/mod.ts";
import {
  draftedTargets,
  listReleases,
  loadConfig,
  loadIndex,
  loadPublished,
} from "../publish/mod.ts";

/**
 * The index of a release that is published or staged.
 *
 * @throws {BrecciaError} `version-missing`
 */
export async function findIndex(
  store: ObjectStore,
  version: string,
  platform: string,
): Promise<ReleaseIndex> {
  const { order } = await loadConfig(store);
  const draft = await draftedTargets(store, await loadPublished(store));
  const release = listReleases(draft, order).find(({ info }) =>
    info.version === version && info.platform === platform
  );
  if (release === undefined) {
    throw new BrecciaError(
      "version-missing",
      `Cannot find ${version} for ${platform}: no such release is published or staged; see ` +
        "`breccia inspect`",
    );
  }
  return await loadIndex(store, release);
}
