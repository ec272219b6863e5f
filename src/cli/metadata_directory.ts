import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MetadataStore } from "../tuf/metadata_store.ts";
import { delegatedRoleOf, fileNameOf } from "../tuf/role.ts";
import { fileError } from "./file_error.ts";

/**
 * Trusted metadata in a directory, one file each. Every write is a rename, so several processes may
 * share it. It is where TUF clients look: `root.json` is there, the history of roots is not, and a
 * delegated role lies under its quoted name, which is never that of a top-level role.
 */
export class MetadataDirectory implements MetadataStore {
  readonly #directory: string;

  /** Keeps files in `directory`, which the first write creates. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The bytes of `name`, or `undefined` when there is no such file. */
  async get(name: string): Promise<Uint8Array | undefined> {
    const path = this.#path(name);
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw fileError("read", path, error);
    }
  }

  /** Writes beside `name` and renames: a reader sees the old bytes or the new ones. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    if (/^\d+\.root\.json$/.test(name)) return;
    const path = this.#path(name);
    const fresh = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      await mkdir(this.#directory, { recursive: true });
      await writeFile(fresh, bytes, { flush: true });
      await rename(fresh, path);
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => {});
      throw fileError("write", path, error);
    }
  }

  /** Removes `name`, if it is there. */
  async delete(name: string): Promise<void> {
    const path = this.#path(name);
    await rm(path, { force: true }).catch((error) => {
      throw fileError("remove", path, error);
    });
  }

  #path(name: string): string {
    const role = delegatedRoleOf(name);
    return join(this.#directory, role === undefined ? name : fileNameOf(role));
  }
}
