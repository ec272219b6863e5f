import { BrecciaError } from "../errors.ts";
import { indexTarget, parseReleaseInfo } from "../index/mod.ts";
import type { ManagedStore } from "../ports/mod.ts";
import { loadTrusted } from "../tuf/mod.ts";
import type { InstalledRelease } from "./install_session.ts";
import { StoredMetadata } from "./kept_trust.ts";

/** A time that nothing has expired at. */
const BEFORE_ALL = 0;

/**
 * Asks what is trusted on the device whether a release that was brought may still be put in place. No
 * request is sent. Expiry is not judged: the release was licensed when it came, and what has been
 * withdrawn since stays so, whatever time it is.
 *
 * @throws {BrecciaError} `version-missing` when it was withdrawn, or is licensed no more; the trust family
 * when no metadata is kept.
 */
export async function checkStaged(staged: InstalledRelease, files: ManagedStore): Promise<void> {
  const metadata = await loadTrusted({ store: new StoredMetadata(files), now: BEFORE_ALL });
  const { app, version, platform, index } = staged;
  const target = await metadata.findTarget(indexTarget(app, version, platform));
  const info = target && parseReleaseInfo(target.path, target.custom);
  if (info === undefined || target?.hashes.get("sha256") !== index) {
    throw refused(staged, "the publisher licenses it no more");
  }
  if (info.channels.length === 0) throw refused(staged, "the publisher has withdrawn it");
}

function refused({ app, version }: InstalledRelease, why: string): BrecciaError {
  return new BrecciaError(
    "version-missing",
    `Cannot apply ${app} ${version}: ${why} since it was downloaded; run \`breccia update\` for ` +
      `the release that is offered`,
  );
}
