import type { DelegatedKeys } from "./delegations.ts";
import { findTarget, type LoadRole } from "./delegation_walk.ts";
import { reachableRoles, type ReachedRole, type RoleWalk } from "./reachable_roles.ts";
import type { MetadataLimits } from "./metadata_limits.ts";
import { RoleLoader, type RoleWalkOptions } from "./role_failure.ts";
import { fileNameOf } from "./role.ts";
import type { Root } from "./root.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Targets } from "./targets.ts";
import type { Timestamp } from "./timestamp.ts";
import type { CurrentSnapshot } from "./trusted_snapshot.ts";
import type { TrustedTargets } from "./trusted_targets.ts";
import { VerifiedTarget } from "./verified_target.ts";
import { WalkBudget } from "./walk_budget.ts";

/** A metadata file as a mirror serves it: verified, byte for byte as received. */
export interface VerifiedFile {
  /** URL path segment: `"timestamp.json"`, `"7.team%2Fa.json"`. */
  readonly name: string;
  /** Its bytes. */
  readonly bytes: Uint8Array;
}

/**
 * A repository's metadata, verified as a whole at one reference time. Delegated roles are brought and
 * verified when a look-up first needs them, within the same snapshot.
 */
export class VerifiedMetadata {
  readonly #snapshot: CurrentSnapshot;
  readonly #targets: TrustedTargets;
  readonly #bringRole: LoadRole;
  readonly #limits: MetadataLimits;
  readonly #verified = new Map<string, Promise<TrustedTargets>>();
  /** False when nothing was trusted before this run, so that a rollback to an unexpired state would go unseen. */
  readonly hadBaseline: boolean;

  /** Only verified parts make one: see `refresh` and `loadTrusted`. */
  constructor(
    parts: { readonly snapshot: CurrentSnapshot; readonly targets: TrustedTargets },
    bringRole: LoadRole,
    limits: MetadataLimits,
    hadBaseline: boolean,
  ) {
    this.#snapshot = parts.snapshot;
    this.#targets = parts.targets;
    this.#bringRole = bringRole;
    this.#limits = limits;
    this.hadBaseline = hadBaseline;
  }

  /** The reference time of every check, in milliseconds since 1970. */
  get now(): number {
    return this.#snapshot.timestamp.root.now;
  }

  /** Root metadata. */
  get root(): Root {
    return this.#snapshot.timestamp.root.trusted.signed;
  }

  /** Timestamp metadata. */
  get timestamp(): Timestamp {
    return this.#snapshot.timestamp.trusted.signed;
  }

  /** Snapshot metadata. */
  get snapshot(): Snapshot {
    return this.#snapshot.trusted.signed;
  }

  /** Metadata of the top-level targets role. */
  get targets(): Targets {
    return this.#targets.signed;
  }

  /** When the first of the four files expires, in milliseconds since 1970. */
  get expires(): number {
    const files = [this.root, this.timestamp, this.snapshot, this.targets];
    return Math.min(...files.map(({ expires }) => expires));
  }

  /**
   * The target under `path`, as the first role in delegation order vouches for it, or `undefined` when
   * no role that may speak of it lists it.
   *
   * @throws {BrecciaError} `delegation-limit`, and whatever refuses a delegated role.
   */
  findTarget(
    path: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<VerifiedTarget | undefined> {
    return findTarget(path, this.#targets, this.#loadRole, {
      maxVisits: this.#limits.delegationVisits,
      budget: new WalkBudget(this.#limits.walkSteps, options.signal),
      asker: this.#targets.role,
    });
  }

  /**
   * Every target of every role that can be reached, each once, as `findTarget` would find it. With
   * `onRoleFailure`, a delegated role that fails disables only itself and the paths for which it comes
   * before the role that lists them: those are not yielded, all others are.
   *
   * @throws {BrecciaError} as `findTarget` does; with `onRoleFailure`, only what concerns no role alone:
   * `offline`, `timeout`, `cancelled`, `delegation-limit` and the storage family.
   */
  async *allTargets(options: RoleWalkOptions = {}): AsyncGenerator<VerifiedTarget> {
    const walk = this.#walk(options);
    const { loader, budget } = walk;
    const maxVisits = this.#limits.delegationVisits;
    for await (const { targets: role, branch } of this.#roles(walk)) {
      for (const path of role.signed.targets.keys()) {
        // A role may list what it has no right to, or what a role before it overrides.
        const target = role === this.#targets
          ? VerifiedTarget.in(role, path)
          : await loader.unlessFailed(() =>
            findTarget(path, this.#targets, loader.load, { maxVisits, budget, asker: branch })
          );
        if (target?.role === role.role) yield target;
      }
    }
  }

  /**
   * The files that a client of this repository will ask for, targets metadata first and the timestamp
   * last: the order in which a mirror puts them up. Of the roots, only the current one. With
   * `onRoleFailure`, the files of delegated roles that fail are left out.
   *
   * @throws {BrecciaError} as `allTargets` does.
   */
  async *files(options: RoleWalkOptions = {}): AsyncGenerator<VerifiedFile> {
    const { root, trusted: timestamp } = this.#snapshot.timestamp;
    const versioned = root.trusted.signed.consistentSnapshot;
    for await (const { targets: role } of this.#roles(this.#walk(options))) {
      const version = versioned ? role.signed.version : undefined;
      yield { name: fileNameOf(role.role, version), bytes: role.bytes };
    }
    const { signed, bytes } = this.#snapshot.trusted;
    yield { name: fileNameOf("snapshot", versioned ? signed.version : undefined), bytes };
    yield { name: fileNameOf("root", root.trusted.version), bytes: root.trusted.bytes };
    yield { name: "timestamp.json", bytes: timestamp.bytes };
  }

  /**
   * Where a target lies below the targets URL, not percent-encoded: its path, whose last segment
   * begins with a digest where the repository has consistent snapshots (TUF 6.2).
   */
  locationOf(target: VerifiedTarget): string {
    if (!this.root.consistentSnapshot) return target.path;
    const [digest] = target.hashes.values();
    const name = target.path.lastIndexOf("/") + 1;
    return `${target.path.slice(0, name)}${digest}.${target.path.slice(name)}`;
  }

  #walk(options: RoleWalkOptions): RoleWalk {
    const loader = new RoleLoader(this.#loadRole, options);
    const budget = new WalkBudget(
      this.#limits.walkSteps,
      options.signal,
      (branch, error) => loader.disable(branch, this.#targets.role, error),
    );
    return { loader, budget, wanted: options.wanted };
  }

  #roles(walk: RoleWalk): AsyncGenerator<ReachedRole> {
    return reachableRoles(this.#targets, this.snapshot, walk);
  }

  /** Verifies each pair of delegator and role once; what failed may be tried again. */
  readonly #loadRole: LoadRole = (delegator: TrustedTargets, role: DelegatedKeys) => {
    const pair = JSON.stringify([delegator.role, role.name]);
    let verified = this.#verified.get(pair);
    if (verified === undefined) {
      verified = this.#bringRole(delegator, role);
      this.#verified.set(pair, verified);
      verified.catch(() => this.#verified.delete(pair));
    }
    return verified;
  };
}
