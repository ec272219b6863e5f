import { equalBytes } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import type { ManagedStore } from "../ports/mod.ts";
import { fileNameOf, type MetadataStore, readMetadata } from "../tuf/mod.ts";
import { StoredMetadata } from "./kept_trust.ts";
import { PendingFiles, type SmallFiles } from "./pending_files.ts";

/** What {@linkcode DeviceTrust} is opened with. */
export interface DeviceTrustOptions {
  /** The device's small files. */
  readonly files: ManagedStore;
  /** The root that the caller gave, if any. */
  readonly root: Uint8Array | undefined;
  /** True when a release is installed: then where trust starts is settled. */
  readonly installed: boolean;
}

/**
 * Where the trust of a device starts, and what is kept of it. The first release that was brought and
 * verified settles it: a root of another chain is refused by name from then on, before anything is
 * asked or written. Until then, what a run trusts stays in memory.
 */
export class DeviceTrust {
  /** Trusted metadata, as a refresh reads and keeps it. */
  readonly store: MetadataStore;
  /** Small files beside it. */
  readonly files: SmallFiles;
  /** What a refresh starts from; `undefined` for the root that is kept. */
  readonly start: Uint8Array | undefined;
  readonly #given: Uint8Array | undefined;
  readonly #pending: PendingFiles | undefined;

  private constructor(
    files: SmallFiles,
    parts: {
      start?: Uint8Array | undefined;
      given?: Uint8Array | undefined;
      pending?: PendingFiles;
    },
  ) {
    this.files = files;
    this.store = new StoredMetadata(files);
    this.start = parts.start;
    this.#given = parts.given;
    this.#pending = parts.pending;
  }

  /**
   * Finds where trust starts; nothing is written.
   *
   * @throws {BrecciaError} `usage` when the given root is not of the chain that is trusted here.
   */
  static async open({ files, root, installed }: DeviceTrustOptions): Promise<DeviceTrust> {
    const kept = new StoredMetadata(files);
    const newest = await kept.get("root.json");
    const relation = root === undefined || newest === undefined
      ? "kept"
      : await relate(kept, root, newest);
    if (!installed) {
      const pending = new PendingFiles(files, relation === "other");
      return new DeviceTrust(pending, { start: root, pending });
    }
    if (relation === "other") throw otherRoot();
    // A root newer than those kept is no start: whether it is of this chain, only the chain tells.
    return relation === "newer"
      ? new DeviceTrust(files, { given: root })
      : new DeviceTrust(files, { start: root });
  }

  /**
   * After a refresh: refuses a given root that was newer than those kept and has turned out to be no later
   * root of the same chain.
   *
   * @throws {BrecciaError} `usage`
   */
  async check(): Promise<void> {
    if (this.#given === undefined) return;
    const newest = await this.store.get("root.json");
    if (newest !== undefined && await relate(this.store, this.#given, newest) === "kept") return;
    throw otherRoot();
  }

  /** Keeps what is trusted, since a release of it was brought and verified. */
  async keep(): Promise<void> {
    await this.#pending?.keep();
  }
}

/** Whether a root is one of those kept, later than all of them, or of another chain. */
async function relate(
  kept: MetadataStore,
  root: Uint8Array,
  newest: Uint8Array,
): Promise<"kept" | "newer" | "other"> {
  if (equalBytes(root, newest)) return "kept";
  const { version } = readMetadata(root, "root", "root.json").signed;
  const same = await kept.get(fileNameOf("root", version));
  if (same !== undefined) return equalBytes(root, same) ? "kept" : "other";
  return version > readMetadata(newest, "root", "root.json").signed.version ? "newer" : "other";
}

function otherRoot(): BrecciaError {
  return new BrecciaError(
    "usage",
    "Cannot take this root: the device trusts another one since its first release was installed, and the " +
      "two are not of one chain; leave --root away, or install into an empty directory",
  );
}
