import { BrecciaError } from "../errors.ts";
import { readMetadata, type UnverifiedMetadata } from "./metadata.ts";
import { checkThreshold } from "./threshold.ts";
import type { Timestamp } from "./timestamp.ts";
import type { CurrentRoot } from "./trusted_root.ts";

/**
 * A timestamp with a threshold of signatures. It may be expired: the one that was kept from an earlier
 * run still tells what must not be rolled back.
 */
export class TrustedTimestamp {
  readonly #file: UnverifiedMetadata<"timestamp">;

  private constructor(file: UnverifiedMetadata<"timestamp">) {
    this.#file = file;
  }

  /**
   * Verifies a timestamp against the root and the timestamp trusted before. When the version is the
   * same, `previous` itself is returned: the new file is to be discarded, without an error.
   *
   * @throws {BrecciaError} `rollback`, and the codes of `readMetadata` and `checkThreshold`.
   */
  static async verify(
    root: CurrentRoot,
    bytes: Uint8Array,
    previous: TrustedTimestamp | undefined,
  ): Promise<TrustedTimestamp> {
    const timestamp = new TrustedTimestamp(readMetadata(bytes, "timestamp", "timestamp.json"));
    // TUF 5.4.2: signed by a threshold of the keys that the root lists.
    await checkThreshold(timestamp.#file, root.rule("timestamp"));
    if (previous === undefined) return timestamp;
    // TUF 5.4.3.1: an older timestamp is a rollback; the same version is no news.
    if (timestamp.signed.version === previous.signed.version) return previous;
    refuseLower("it", timestamp.signed.version, previous.signed.version);
    // TUF 5.4.3.2: so is a newer timestamp that points to an older snapshot.
    refuseLower("the snapshot that it names", timestamp.snapshotVersion, previous.snapshotVersion);
    return timestamp;
  }

  /** What it says. */
  get signed(): Timestamp {
    return this.#file.signed;
  }

  /** The file as received. */
  get bytes(): Uint8Array {
    return this.#file.bytes;
  }

  /** The version of the snapshot that it names. */
  get snapshotVersion(): number {
    return this.signed.snapshot.version;
  }
}

/** A timestamp that is newest as far as is known, and has not expired. */
export class CurrentTimestamp {
  readonly #timestamp: TrustedTimestamp;
  /** The root that it was verified with. */
  readonly root: CurrentRoot;

  private constructor(root: CurrentRoot, timestamp: TrustedTimestamp) {
    this.root = root;
    this.#timestamp = timestamp;
  }

  /**
   * TUF 5.4.4: takes a timestamp unless it has expired.
   *
   * @throws {BrecciaError} `freeze` or `expired`.
   */
  static of(root: CurrentRoot, timestamp: TrustedTimestamp): CurrentTimestamp {
    root.checkExpiry("timestamp.json", timestamp.signed);
    return new CurrentTimestamp(root, timestamp);
  }

  /** The timestamp itself. */
  get trusted(): TrustedTimestamp {
    return this.#timestamp;
  }
}

function refuseLower(what: string, version: number, trusted: number): void {
  if (version >= trusted) return;
  throw new BrecciaError(
    "rollback",
    `Cannot accept timestamp.json: ${what} is version ${version}, older than the trusted version ${trusted}; a mirror is stale or replays old files, so use another mirror`,
  );
}
