import { BrecciaError } from "../errors.ts";
import { checkExpiry, type ExpiryCode } from "./expiry.ts";
import { readMetadata, type UnverifiedMetadata } from "./metadata.ts";
import { fileNameOf, type RoleKeys, type TopLevelRole } from "./role.ts";
import type { Root } from "./root.ts";
import { checkThreshold, type SigningRule } from "./threshold.ts";

/**
 * A root that is trusted because it was shipped with the client, or because a trusted root vouches
 * for it. It may be expired: only the last one of a chain must not be, see {@linkcode CurrentRoot}.
 */
export class TrustedRoot {
  readonly #file: UnverifiedMetadata<"root">;

  private constructor(file: UnverifiedMetadata<"root">) {
    this.#file = file;
  }

  /**
   * TUF 5.2: takes a root that was shipped with the client or persisted by it. That it is signed by
   * its own keys guards against damage, not against attack.
   *
   * @throws {BrecciaError} the codes of `readMetadata` and `checkThreshold`.
   */
  static async anchor(bytes: Uint8Array): Promise<TrustedRoot> {
    const root = new TrustedRoot(readMetadata(bytes, "root", "root.json"));
    await checkThreshold(root.#file, root.rule("root"));
    return root;
  }

  /**
   * Takes the next root of the chain.
   *
   * @throws {BrecciaError} `rollback` or `metadata-mismatch` when its version is not the next, and the
   * codes of `readMetadata` and `checkThreshold`.
   */
  async next(bytes: Uint8Array): Promise<TrustedRoot> {
    const expected = this.version + 1;
    const next = new TrustedRoot(readMetadata(bytes, "root", fileNameOf("root", expected)));
    // TUF 5.3.4: signed by a threshold of the old root's keys and by a threshold of its own.
    await checkThreshold(next.#file, this.rule("root"));
    await checkThreshold(next.#file, next.rule("root"));
    // TUF 5.3.5: exactly the next version; anything older is a rollback.
    if (next.version !== expected) {
      throw new BrecciaError(
        next.version < expected ? "rollback" : "metadata-mismatch",
        `Cannot accept ${next.#file.name}: it says it is version ${next.version}; use another mirror`,
      );
    }
    return next;
  }

  /** What it says. */
  get signed(): Root {
    return this.#file.signed;
  }

  /** The file as received. */
  get bytes(): Uint8Array {
    return this.#file.bytes;
  }

  /** Its version, from 1. */
  get version(): number {
    return this.signed.version;
  }

  /** Who must sign a top-level role. */
  rule(role: TopLevelRole): SigningRule {
    return {
      role: this.signed.roles.get(role) as RoleKeys,
      keys: this.signed.keys,
      delegator: `version ${this.version} of the root`,
    };
  }
}

/**
 * The last root of the chain, not expired at the reference time. Everything below is verified with
 * it, and at the same time, however long a run takes (TUF 5.1).
 */
export class CurrentRoot {
  readonly #root: TrustedRoot;
  /** The fixed reference time, in milliseconds since 1970. */
  readonly now: number;
  /** What an expiry means in this run. */
  readonly expiryCode: ExpiryCode;

  private constructor(root: TrustedRoot, now: number, expiryCode: ExpiryCode) {
    this.#root = root;
    this.now = now;
    this.expiryCode = expiryCode;
  }

  /**
   * TUF 5.3.10: takes the last root of a chain, unless it has expired.
   *
   * @throws {BrecciaError} `expiryCode`.
   */
  static of(root: TrustedRoot, now: number, expiryCode: ExpiryCode): CurrentRoot {
    checkExpiry("root.json", root.signed, now, expiryCode);
    return new CurrentRoot(root, now, expiryCode);
  }

  /** The root itself. */
  get trusted(): TrustedRoot {
    return this.#root;
  }

  /** Who must sign a top-level role. */
  rule(role: TopLevelRole): SigningRule {
    return this.#root.rule(role);
  }

  /** Throws unless `head` is still valid at the reference time. */
  checkExpiry(name: string, head: { readonly expires: number }): void {
    checkExpiry(name, head, this.now, this.expiryCode);
  }
}
