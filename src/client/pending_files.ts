import type { ManagedStore } from "../ports/mod.ts";

/** Small files of a device, as far as what is trusted needs them. */
export type SmallFiles = Pick<ManagedStore, "get" | "put" | "delete">;

/**
 * Writes to a device's small files that wait in memory until it is known that they may stand: nothing of
 * a repository is kept before a release of it was verified.
 */
export class PendingFiles implements SmallFiles {
  readonly #kept: ManagedStore;
  readonly #fresh: boolean;
  /** `undefined` where a file is deleted. */
  readonly #changes = new Map<string, Uint8Array<ArrayBuffer> | undefined>();

  /** Stands before `kept`; a `fresh` one begins without the metadata that `kept` has. */
  constructor(kept: ManagedStore, fresh: boolean) {
    this.#kept = kept;
    this.#fresh = fresh;
  }

  /** The file as it will be. */
  async get(key: string): ReturnType<ManagedStore["get"]> {
    if (!this.#changes.has(key)) return this.#hides(key) ? undefined : await this.#kept.get(key);
    const bytes = this.#changes.get(key);
    return bytes && { bytes, size: bytes.length, etag: "pending" };
  }

  /** Remembers what is to be written. */
  put(key: string, bytes: Uint8Array): Promise<string> {
    this.#changes.set(key, new Uint8Array(bytes));
    return Promise.resolve("pending");
  }

  /** Remembers what is to be deleted. */
  delete(key: string): Promise<void> {
    this.#changes.set(key, undefined);
    return Promise.resolve();
  }

  /** Writes all of it, in the order in which it came. A second call writes only what came since. */
  async keep(): Promise<void> {
    if (this.#fresh) {
      for await (const { key } of this.#kept.list("metadata/")) {
        if (!this.#changes.has(key)) await this.#kept.delete(key);
      }
    }
    for (const [key, bytes] of this.#changes) {
      if (bytes === undefined) await this.#kept.delete(key);
      else await this.#kept.put(key, bytes);
    }
    this.#changes.clear();
  }

  #hides(key: string): boolean {
    return this.#fresh && key.startsWith("metadata/");
  }
}
