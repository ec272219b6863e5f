import { BrecciaError } from "../errors.ts";
import type { DelegationScope } from "./delegations.ts";
import type { JsonObject } from "./json.ts";
import { type Hashes, mismatch } from "./hashes.ts";
import { StreamDigest } from "./stream_digest.ts";
import type { TargetFile } from "./targets.ts";
import type { TrustedTargets } from "./trusted_targets.ts";

/** A file that signatures license: whatever has this length and these hashes is the target. */
export class VerifiedTarget {
  readonly #file: TargetFile;
  /** The target path: relative, `/`-separated. */
  readonly path: string;
  /** The role that vouches for it: `"targets"`, or a delegated one. */
  readonly role: string;

  /**
   * The patterns of paths for which its role was asked, as the delegator signed them; `undefined` for the
   * top-level role and for roles that go by the path's hash.
   */
  readonly patterns: readonly string[] | undefined;

  private constructor(
    path: string,
    role: string,
    patterns: readonly string[] | undefined,
    file: TargetFile,
  ) {
    this.path = path;
    this.role = role;
    this.patterns = patterns;
    this.#file = file;
  }

  /**
   * The target that a role of the walk lists under `path`, or `undefined` when it lists none. `scope` is
   * what the walk's last delegation gave the role.
   */
  static in(
    targets: TrustedTargets,
    path: string,
    scope?: DelegationScope,
  ): VerifiedTarget | undefined {
    const file = targets.signed.targets.get(path);
    const patterns = scope && "paths" in scope ? scope.paths : undefined;
    return file && new VerifiedTarget(path, targets.role, patterns, file);
  }

  /** Length in bytes. */
  get length(): number {
    return this.#file.length;
  }

  /** Digests in lower-case hex by algorithm: at least one. */
  get hashes(): Hashes {
    return this.#file.hashes;
  }

  /**
   * Throws unless `bytes` are this target.
   *
   * @throws {BrecciaError} `target-mismatch`.
   */
  async check(bytes: Uint8Array): Promise<void> {
    const why = await mismatch(bytes, this.#file);
    if (why !== undefined) throw this.#refused(why);
  }

  /**
   * Yields `body` as it comes. Only when it has ended without a throw was that this target: until then
   * nothing of it is verified.
   *
   * @throws {BrecciaError} `target-mismatch`, at the latest at the end; what `body` throws.
   */
  async *checked(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const digest = new StreamDigest(this.#file);
    for await (const bytes of body) {
      const why = digest.update(bytes);
      if (why !== undefined) throw this.#refused(why);
      yield bytes;
    }
    const why = digest.finish();
    if (why !== undefined) throw this.#refused(why);
  }

  /** The publisher's own fields. */
  get custom(): JsonObject | undefined {
    return this.#file.custom;
  }

  #refused(why: string): BrecciaError {
    return new BrecciaError(
      "target-mismatch",
      `Cannot accept the target ${JSON.stringify(this.path)}: ${why}; use another mirror`,
    );
  }
}
