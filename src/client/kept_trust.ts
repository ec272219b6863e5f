import type { MetadataStore } from "../tuf/mod.ts";
import type { SmallFiles } from "./pending_files.ts";

/** Trusted metadata among a device's small files, under `metadata/`. */
export class StoredMetadata implements MetadataStore {
  readonly #files: SmallFiles;

  /** Keeps it in `files`. */
  constructor(files: SmallFiles) {
    this.#files = files;
  }

  /** See {@linkcode MetadataStore.get}. */
  async get(name: string): Promise<Uint8Array | undefined> {
    return (await this.#files.get(`metadata/${name}`))?.bytes;
  }

  /** See {@linkcode MetadataStore.put}. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.#files.put(`metadata/${name}`, bytes);
  }

  /** See {@linkcode MetadataStore.delete}. */
  async delete(name: string): Promise<void> {
    await this.#files.delete(`metadata/${name}`);
  }
}
