import type { ManagedStore } from "./store.ts";
import type { TreeReader, TreeWriter } from "./tree.ts";

/**
 * Where the releases of one app are installed, as a directory or a browser's storage offers it: trees by
 * name, one pointer, small state files, one lock. It knows nothing of versions or trust.
 *
 * Names of trees are `[A-Za-z0-9._-]`, at most 200 characters, and don't begin with a dot; a driver
 * refuses any other with code `usage`.
 *
 * What a driver promises:
 * - **The pointer moves atomically**: whoever reads it, at any instant and after a loss of power, finds the
 *   old tree or the new one; when `point` resolves, the new one is durable.
 * - **Trees appear whole**: `rename` is atomic; a tree being written stands under its own name until then.
 * - **What was written can be read**: `read` of a tree that is being written sees every write that resolved.
 *
 * Errors: `storage-full`, `storage-read-only`, `storage-denied`, `storage-failed`, and `locked`.
 */
export interface InstallTarget {
  /** Where it is, for people. */
  readonly location: string;
  /** Small files that survive beside the trees: trusted metadata, indexes, the record. */
  readonly state: ManagedStore;
  /** Name of the tree that the pointer names, or `undefined` when nothing is installed. */
  pointer(): Promise<string | undefined>;
  /** Makes the pointer name this tree, which exists. */
  point(name: string): Promise<void>;
  /**
   * What lies at the location beside an installation's own parts (pointer, trees, state, lock): names for
   * people, relative to it. A driver never changes any of it.
   */
  strangers(): Promise<string[]>;
  /** Names of all trees, whole or being written, in no particular order. */
  trees(): Promise<string[]>;
  /** Reads a tree; a missing one has no entries and reads as nothing. */
  read(name: string): TreeReader;
  /** Writes a new tree; none of that name may exist. */
  write(name: string): TreeWriter;
  /** Renames a tree; none of the new name may exist. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a tree; absence is no error. */
  remove(name: string): Promise<void>;
  /** Bytes that can still be written, or `undefined` where the storage can't say. */
  freeBytes(): Promise<number | undefined>;
  /**
   * Takes the lock; the result releases it. It ends with the process that holds it, however that ends.
   *
   * @throws {BrecciaError} `locked` at once when another holds it.
   */
  lock(): Promise<() => Promise<void>>;
}
