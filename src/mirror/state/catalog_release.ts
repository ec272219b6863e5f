import type { ReleaseInfo } from "../../index/mod.ts";
import type { VerifiedTarget } from "../../tuf/mod.ts";

/** A release that the metadata licenses. */
export interface CatalogRelease {
  readonly info: ReleaseInfo;
  /** The target that is its index. */
  readonly index: VerifiedTarget;
  /** The target that is its stream as an archive, where that is licensed too. */
  readonly archive: VerifiedTarget | undefined;
}
