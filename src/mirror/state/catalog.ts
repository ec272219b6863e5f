import { parseReleaseInfo } from "../../index/mod.ts";
import type { TargetFilter } from "./target_filter.ts";
import {
  partyOf,
  type RoleFailure,
  type VerifiedMetadata,
  type VerifiedTarget,
} from "../../tuf/mod.ts";
import type { CatalogRelease } from "./catalog_release.ts";

/** A target that was asked for by a URL. */
export interface CatalogMatch {
  readonly target: VerifiedTarget;
  /** True when the URL holds a digest: it never names other bytes. */
  readonly immutable: boolean;
}

/** What one generation of metadata licenses, as far as a filter lets it through. */
export class Catalog {
  readonly #metadata: VerifiedMetadata;
  #bytes: number | undefined;
  /** By target path. */
  readonly targets: ReadonlyMap<string, VerifiedTarget>;
  readonly releases: readonly CatalogRelease[];
  /** How many targets are licensed and left out. */
  readonly filtered: number;
  /** Delegated roles that can't be used: what they license is not served, all else is. */
  readonly unavailable: readonly RoleFailure[];
  /** Releases by the target path of their archive. */
  readonly #archives: ReadonlyMap<string, CatalogRelease>;

  private constructor(
    metadata: VerifiedMetadata,
    licensed: ReadonlyMap<string, VerifiedTarget>,
    filter: TargetFilter,
    unavailable: readonly RoleFailure[],
  ) {
    this.#metadata = metadata;
    this.unavailable = unavailable;
    const releases = [...licensed.values()].flatMap((index) => {
      const info = parseReleaseInfo(index.path, index.custom);
      if (info === undefined) return [];
      // The archive that another role licenses under this path is not this release's.
      const archive = licensed.get(info.archive);
      const own = archive && partyOf(metadata, archive) === partyOf(metadata, index);
      return [{ info, index, archive: own ? archive : undefined }];
    });
    this.releases = releases.filter((release) => filter.passesRelease(release));
    const targets = new Map([...licensed].filter(([, target]) => filter.passes(target)));
    // A release is mirrored as a whole or not at all, whatever a filter makes of its parts.
    for (const { index, archive } of releases) {
      targets.delete(index.path);
      if (archive !== undefined) targets.delete(archive.path);
    }
    for (const { index, archive } of this.releases) {
      targets.set(index.path, index);
      if (archive !== undefined) targets.set(archive.path, archive);
    }
    this.targets = targets;
    this.filtered = licensed.size - targets.size;
    this.#archives = new Map(
      this.releases.flatMap((release) =>
        release.archive ? [[release.archive.path, release] as const] : []
      ),
    );
  }

  /**
   * Reads every targets role. One that can't be used takes nothing but its own with it: see
   * {@linkcode Catalog.unavailable}.
   *
   * @param filter Which targets are mirrored.
   *
   * @throws {BrecciaError} of the network and storage families; the reason of `signal`.
   */
  static async read(
    metadata: VerifiedMetadata,
    filter: TargetFilter,
    signal?: AbortSignal,
  ): Promise<Catalog> {
    const targets = new Map<string, VerifiedTarget>();
    const unavailable: RoleFailure[] = [];
    const onRoleFailure = (failure: RoleFailure) => void unavailable.push(failure);
    for await (const target of metadata.allTargets({ onRoleFailure, signal })) {
      targets.set(target.path, target);
    }
    return new Catalog(metadata, targets, filter, unavailable);
  }

  /** Length of all targets together, in bytes: what a static host of the same would hold. */
  get bytes(): number {
    return this.#bytes ??= [...this.targets.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** The metadata that license it. */
  get metadata(): VerifiedMetadata {
    return this.#metadata;
  }

  /** The target at a location below `/targets/`, not percent-encoded: with a digest in its name or not. */
  find(location: string): CatalogMatch | undefined {
    const name = location.lastIndexOf("/") + 1;
    const dot = location.indexOf(".", name);
    if (dot > name) {
      const target = this.targets.get(location.slice(0, name) + location.slice(dot + 1));
      const digest = location.slice(name, dot).toLowerCase();
      if (target !== undefined && [...target.hashes.values()].includes(digest)) {
        return { target, immutable: true };
      }
    }
    const target = this.targets.get(location);
    return target && { target, immutable: false };
  }

  /** The release whose stream this target is, if it is one. */
  releaseOfArchive(target: VerifiedTarget): CatalogRelease | undefined {
    return this.#archives.get(target.path);
  }

  /** Where the target lies upstream. */
  locationOf(target: VerifiedTarget): string {
    return this.#metadata.locationOf(target);
  }
}
