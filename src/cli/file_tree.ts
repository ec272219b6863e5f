import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { DirectoryTreeReader } from "../../cache/device/directory_tree.ts";
import type { TreeEntry, TreeReader } from "../ports/mod.ts";
import { fileError } from "./file_error.ts";

/** The tree at `path`: a directory, or a file, which makes a tree of that file alone. */
export async function openTree(path: string): Promise<TreeReader> {
  const status = await stat(path).catch((cause) => {
    throw fileError("release", path, cause);
  });
  if (status.isDirectory()) return new DirectoryTreeReader(path);
  const mode = status.mode & 0o777;
  return new FileTree(path, { kind: "file", path: basename(path), mode, size: status.size });
}

class FileTree implements TreeReader {
  readonly #folder: DirectoryTreeReader;
  readonly #entry: TreeEntry;

  constructor(path: string, entry: TreeEntry) {
    this.#folder = new DirectoryTreeReader(dirname(path));
    this.#entry = entry;
  }

  async *entries(): AsyncGenerator<TreeEntry> {
    yield this.#entry;
  }

  read(path: string, offset: number, into: Uint8Array): Promise<number> {
    return this.#folder.read(path, offset, into);
  }

  close(): Promise<void> {
    return this.#folder.close();
  }
}
