import type { ReleaseIndex } from "../index/mod.ts";
import type { TreeReader, TreeWriter } from "../ports/mod.ts";
import type { FetchedIndex } from "./fetch_index.ts";

/** A release on the device, as far as the client must know it. */
export interface InstalledRelease {
  /** Name of the app. */
  readonly app: string;
  /** Its version. */
  readonly version: string;
  /** Name of the platform. */
  readonly platform: string;
  /** SHA-256 of its index in hex. */
  readonly index: string;
}

/** A tree on the device that may hold chunks of the next release; the caller closes it. */
export interface SeedTree {
  /** What it is, for people: `"3.1.0 (installed)"`. */
  readonly label: string;
  /** What the tree was when it was written. */
  readonly index: ReleaseIndex;
  /** Reads it. */
  readonly tree: TreeReader;
  /** Set when an interrupted transfer left it: only its beginning is there. */
  readonly partial?: string;
}

/** A tree that is being written, and can already be read. */
export interface StagingTree {
  /** Writes it, in the order of the stream. */
  readonly writer: TreeWriter;
  /** Reads what was written so far. */
  readonly reader: TreeReader;
}

/** What the device follows, remembered from the first update on. */
export interface Subscription {
  /** Name of the app. */
  readonly app: string;
  /** The role that signed what was installed: another one's word on the app does not count. */
  readonly role?: string | undefined;
  /** Name of the channel. */
  readonly channel: string;
  /** Name of the platform. */
  readonly platform: string;
  /** Base URLs, in the order in which they are asked. */
  readonly mirrors: readonly string[];
}

/**
 * What the client wants of an installation. `src/install` provides it through the composition roots:
 * the two rooms stand side by side and don't know each other.
 */
export interface InstallSession {
  /** What runs, or `undefined` on an empty device. */
  readonly current: InstalledRelease | undefined;
  /** What the device follows, or `undefined` before the first update. */
  readonly subscription: Subscription | undefined;
  /** What a rollback left: no update brings it again by itself before a newer version is published. */
  readonly held: InstalledRelease | undefined;
  /** What waits to be applied. */
  readonly staged: InstalledRelease | undefined;
  /** Trees that may hold chunks, the best first. */
  seeds(): Promise<SeedTree[]>;
  /** The index of what runs, or `undefined` when nothing does or it is damaged. */
  installedIndex(): Promise<ReleaseIndex | undefined>;
  /**
   * Stages a release under the lock: `write` fills the tree. When it throws, what runs is as it was, and
   * nothing is staged. The device follows `following` as soon as the release runs.
   */
  transfer(
    fetched: FetchedIndex,
    write: (tree: StagingTree) => Promise<void>,
    following: Subscription,
  ): Promise<void>;
  /** Verifies what is staged and activates it, under the lock. */
  apply(signal?: AbortSignal): Promise<InstalledRelease>;
  /** Lets what is held come again, under the lock; says what that was. */
  resume(): Promise<InstalledRelease | undefined>;
}
