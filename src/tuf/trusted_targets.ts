import { BrecciaError } from "../errors.ts";
import type { DelegatedKeys } from "./delegations.ts";
import { checkMetaFile, type MetaFile } from "./meta_file.ts";
import { readMetadata, type UnverifiedMetadata } from "./metadata.ts";
import type { Targets } from "./targets.ts";
import { isDelegatedName } from "./role.ts";
import { checkThreshold, type SigningRule } from "./threshold.ts";
import type { CurrentSnapshot } from "./trusted_snapshot.ts";

/** Targets metadata of the top-level role or of a delegated one, verified for one delegator. */
export class TrustedTargets {
  readonly #file: UnverifiedMetadata<"targets">;
  /** The name of the role: `"targets"`, or a delegated one. */
  readonly role: string;

  private constructor(role: string, file: UnverifiedMetadata<"targets">) {
    this.role = role;
    this.#file = file;
  }

  /**
   * Verifies targets metadata against the snapshot and the delegator whose rule is given.
   *
   * @throws {BrecciaError} `mix-and-match`, `freeze` or `expired`, and the codes of `readMetadata` and
   * `checkThreshold`.
   */
  static async verify(
    snapshot: CurrentSnapshot,
    role: string,
    rule: SigningRule,
    bytes: Uint8Array,
  ): Promise<TrustedTargets> {
    const name = `${role}.json`;
    const expected = snapshotMeta(snapshot, role);
    // TUF 5.6.2: the length and the hashes that the snapshot gives, if it does.
    await checkMetaFile(bytes, expected, name);
    const file = readMetadata(bytes, "targets", name);
    // TUF 5.6.3: signed by a threshold of the keys that the delegator lists.
    await checkThreshold(file, rule);
    // TUF 5.6.4: the version that the snapshot names.
    if (file.signed.version !== expected.version) {
      throw new BrecciaError(
        "mix-and-match",
        `Cannot accept ${name}: it is version ${file.signed.version} where the snapshot names version ${expected.version}; use another mirror`,
      );
    }
    // TUF 5.6.5.
    snapshot.timestamp.root.checkExpiry(name, file.signed);
    return new TrustedTargets(role, file);
  }

  /** What it says. */
  get signed(): Targets {
    return this.#file.signed;
  }

  /** The file as received. */
  get bytes(): Uint8Array {
    return this.#file.bytes;
  }

  /** Who must sign a role that this one delegates to. */
  rule(role: DelegatedKeys): SigningRule {
    return {
      role,
      keys: this.signed.delegations?.keys ?? new Map(),
      delegator: `the role ${JSON.stringify(this.role)}`,
    };
  }
}

function unusableName(role: string): BrecciaError {
  return new BrecciaError(
    "metadata-malformed",
    `Cannot use the delegated role ${
      JSON.stringify(role)
    }: its name is too long, or its file would stand where that of a top-level role stands; ` +
      `tell the publisher to rename it`,
  );
}

/**
 * What the snapshot says of a role's metadata.
 *
 * @throws {BrecciaError} `metadata-mismatch` when it says nothing of it; `metadata-malformed` when no
 * delegated role can have this name.
 */
export function snapshotMeta(snapshot: CurrentSnapshot, role: string): MetaFile {
  if (role !== "targets" && !isDelegatedName(role)) throw unusableName(role);
  const meta = snapshot.trusted.signed.meta.get(`${role}.json`);
  if (meta !== undefined) return meta;
  throw new BrecciaError(
    "metadata-mismatch",
    `Cannot fetch ${role}.json: the role is delegated to, but the snapshot does not list it; tell the publisher`,
  );
}
