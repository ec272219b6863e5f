/**
 * File trees: where builds come from and releases go to. Paths are relative, `/`-separated, and have
 * passed `checkPath` (src/index) before they reach a driver; drivers refuse what would leave their root
 * all the same.
 *
 * @module
 */

/** One entry of a tree. Directories are listed before what they hold. */
export type TreeEntry = TreeFile | TreeDirectory | TreeLink;

/** A regular file. */
export interface TreeFile {
  /** What it is. */
  readonly kind: "file";
  /** Where it is: relative, `/`-separated. */
  readonly path: string;
  /** Permission bits, `0o000` to `0o7777`. */
  readonly mode: number;
  /** Length in bytes. */
  readonly size: number;
}

/** A directory. */
export interface TreeDirectory {
  /** What it is. */
  readonly kind: "directory";
  /** Where it is: relative, `/`-separated. */
  readonly path: string;
  /** Permission bits, `0o000` to `0o7777`. */
  readonly mode: number;
}

/** A symbolic link. */
export interface TreeLink {
  /** What it is. */
  readonly kind: "link";
  /** Where it is: relative, `/`-separated. */
  readonly path: string;
  /** What the link holds, verbatim. */
  readonly target: string;
}

/** Reads a tree. */
export interface TreeReader {
  /** Every entry, in no particular order. Throws `tree-unsupported` on devices, sockets, pipes. */
  entries(): AsyncIterable<TreeEntry>;
  /**
   * Reads from a regular file at `offset` into `into`; returns how many bytes were read, fewer than
   * asked only at the end of the file, and 0 when the file is missing.
   */
  read(path: string, offset: number, into: Uint8Array): Promise<number>;
  /** Releases file handles. */
  close(): Promise<void>;
}

/** Writes a new tree, in order, one file at a time. Nothing is visible to readers of the old tree. */
export interface TreeWriter {
  /** Makes a directory; its parent was made before. */
  directory(entry: TreeDirectory): Promise<void>;
  /** Makes a symbolic link. */
  link(entry: TreeLink): Promise<void>;
  /** Opens the next file; the one before is closed first. */
  file(entry: TreeFile): Promise<void>;
  /** Appends to the open file. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes everything durable. After it the tree may be activated. */
  finish(): Promise<void>;
  /** Releases file handles and leaves what was written: a beginning of the tree, not durable. */
  interrupt(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}
