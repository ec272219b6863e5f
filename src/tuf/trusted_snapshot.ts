import { BrecciaError } from "../errors.ts";
import { checkMetaFile } from "./meta_file.ts";
import { readMetadata, type UnverifiedMetadata } from "./metadata.ts";
import type { Snapshot } from "./snapshot.ts";
import { checkThreshold } from "./threshold.ts";
import type { CurrentRoot } from "./trusted_root.ts";
import type { CurrentTimestamp } from "./trusted_timestamp.ts";

/**
 * A snapshot with a threshold of signatures. It may be expired or outdated: the one that was kept from
 * an earlier run still tells what must not be rolled back.
 */
export class TrustedSnapshot {
  readonly #file: UnverifiedMetadata<"snapshot">;

  private constructor(file: UnverifiedMetadata<"snapshot">) {
    this.#file = file;
  }

  /**
   * TUF 5.5.3: takes a snapshot signed by a threshold of the keys that the root lists.
   *
   * @throws {BrecciaError} the codes of `readMetadata` and `checkThreshold`.
   */
  static async verify(root: CurrentRoot, bytes: Uint8Array): Promise<TrustedSnapshot> {
    const file = readMetadata(bytes, "snapshot", "snapshot.json");
    await checkThreshold(file, root.rule("snapshot"));
    return new TrustedSnapshot(file);
  }

  /** What it says. */
  get signed(): Snapshot {
    return this.#file.signed;
  }

  /** The file as received. */
  get bytes(): Uint8Array {
    return this.#file.bytes;
  }
}

/** The snapshot that the current timestamp names, not expired. */
export class CurrentSnapshot {
  readonly #snapshot: TrustedSnapshot;
  /** The timestamp that it was verified with. */
  readonly timestamp: CurrentTimestamp;

  private constructor(timestamp: CurrentTimestamp, snapshot: TrustedSnapshot) {
    this.timestamp = timestamp;
    this.#snapshot = snapshot;
  }

  /**
   * Verifies a snapshot against the timestamp, the root and the snapshot trusted before.
   *
   * @throws {BrecciaError} `mix-and-match`, `rollback`, `freeze` or `expired`, and the codes of
   * `readMetadata` and `checkThreshold`.
   */
  static async verify(
    timestamp: CurrentTimestamp,
    bytes: Uint8Array,
    previous: TrustedSnapshot | undefined,
  ): Promise<CurrentSnapshot> {
    // TUF 5.5.2: the length and the hashes that the timestamp gives, if it does.
    await checkMetaFile(bytes, timestamp.trusted.signed.snapshot, "snapshot.json");
    // TUF 5.5.3.
    const snapshot = await TrustedSnapshot.verify(timestamp.root, bytes);
    return CurrentSnapshot.#check(timestamp, snapshot, previous);
  }

  /**
   * Takes the snapshot trusted before as the current one, when it is the one that the timestamp names.
   *
   * @throws {BrecciaError} as `verify` does.
   */
  static async keep(
    timestamp: CurrentTimestamp,
    snapshot: TrustedSnapshot,
  ): Promise<CurrentSnapshot> {
    await checkMetaFile(snapshot.bytes, timestamp.trusted.signed.snapshot, "snapshot.json");
    return CurrentSnapshot.#check(timestamp, snapshot, undefined);
  }

  static #check(
    timestamp: CurrentTimestamp,
    snapshot: TrustedSnapshot,
    previous: TrustedSnapshot | undefined,
  ): CurrentSnapshot {
    // TUF 5.5.4: the version that the timestamp names.
    const expected = timestamp.trusted.snapshotVersion;
    if (snapshot.signed.version !== expected) {
      throw new BrecciaError(
        "mix-and-match",
        `Cannot accept snapshot.json: it is version ${snapshot.signed.version} where the timestamp names version ${expected}; use another mirror`,
      );
    }
    if (previous !== undefined) refuseRollback(snapshot.signed, previous.signed);
    // TUF 5.5.6.
    timestamp.root.checkExpiry("snapshot.json", snapshot.signed);
    return new CurrentSnapshot(timestamp, snapshot);
  }

  /** The snapshot itself. */
  get trusted(): TrustedSnapshot {
    return this.#snapshot;
  }
}

/** TUF 5.5.5: no targets metadata goes back to a lower version, and none vanishes. */
function refuseRollback(snapshot: Snapshot, previous: Snapshot): void {
  for (const [name, { version: trusted }] of previous.meta) {
    const version = snapshot.meta.get(name)?.version;
    if (version !== undefined && version >= trusted) continue;
    const found = version === undefined
      ? `${name} has vanished from it`
      : `it takes ${name} back to version ${version}`;
    throw new BrecciaError(
      "rollback",
      `Cannot accept snapshot.json: ${found}, and version ${trusted} is trusted; use another mirror`,
    );
  }
}
