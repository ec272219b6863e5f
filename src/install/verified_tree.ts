import { BrecciaError } from "../errors.ts";
import type { ReleaseIndex } from "../index/mod.ts";
import type { TreeReader } from "../ports/mod.ts";
import type { InstalledRelease } from "./install_record.ts";
import { findDamage } from "./tree_check.ts";

/**
 * A tree that was read back and is its release, path by path. The pointer moves to this type only, and
 * {@linkcode VerifiedTree.verify} is the one way to make it.
 */
export class VerifiedTree {
  readonly #release: InstalledRelease;

  private constructor(release: InstalledRelease) {
    this.#release = release;
  }

  /** The release that it is. */
  get release(): InstalledRelease {
    return this.#release;
  }

  /**
   * Accepts the tree that `reader` reads as `release`.
   *
   * @throws {BrecciaError} `install-mismatch`, naming the first path that differs.
   */
  static async verify(
    release: InstalledRelease,
    index: ReleaseIndex,
    reader: TreeReader,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<VerifiedTree> {
    for await (const { path, kind } of findDamage(index, reader, options)) {
      throw new BrecciaError(
        "install-mismatch",
        `Cannot activate ${release.app} ${release.version}: ${JSON.stringify(path)} is ${
          kind === "mode" ? "there with other permissions" : kind
        }; run the update again`,
      );
    }
    return new VerifiedTree(release);
  }
}
