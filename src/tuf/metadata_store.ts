/**
 * Where trusted metadata is kept between runs. Only verified bytes are ever put into it, byte for byte
 * as they were received, and what is read from it is verified again.
 *
 * Names are `root.json` and `N.root.json`, `timestamp.json`, `snapshot.json`, `targets.json`, and for
 * delegated roles `delegated/ROLE.json`, percent-encoded to `[a-z0-9._~%-]`: a role's name, which comes
 * from outside, reaches no other name, also where file systems fold case or normalise Unicode.
 *
 * `put` is atomic: a reader, or a second process, sees the old bytes or the new ones. Errors are of
 * the storage family.
 */
export interface MetadataStore {
  /** The bytes under `name`, or `undefined` when there are none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Keeps `bytes` under `name`, replacing what was there. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Removes `name`; absence is no error. */
  delete(name: string): Promise<void>;
}

/** A store in memory: for tests, and for clients that keep nothing and say so. */
export class MemoryMetadataStore implements MetadataStore {
  readonly #files = new Map<string, Uint8Array>();

  /** Starts with `files`. */
  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    for (const [name, bytes] of files) this.#files.set(name, bytes.slice());
  }

  get(name: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#files.get(name)?.slice());
  }

  put(name: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(name, bytes.slice());
    return Promise.resolve();
  }

  delete(name: string): Promise<void> {
    this.#files.delete(name);
    return Promise.resolve();
  }

  /** A copy of everything kept, in order of names. */
  files(): ReadonlyMap<string, Uint8Array> {
    const names = [...this.#files.keys()].sort();
    return new Map(names.map((name) => [name, (this.#files.get(name) as Uint8Array).slice()]));
  }
}

/**
 * A store that can be read but not written, such as a read-only image: what a run trusts is kept in
 * memory over it, and is gone with the object.
 */
export class OverlayMetadataStore implements MetadataStore {
  readonly #base: Pick<MetadataStore, "get">;
  readonly #overlay = new MemoryMetadataStore();
  readonly #deleted = new Set<string>();

  /** Reads through to `base`, and never writes to it. */
  constructor(base: Pick<MetadataStore, "get">) {
    this.#base = base;
  }

  /** What was put here, or else what the base has. */
  async get(name: string): Promise<Uint8Array | undefined> {
    const own = await this.#overlay.get(name);
    return own ?? (this.#deleted.has(name) ? undefined : await this.#base.get(name));
  }

  /** Keeps `bytes` in memory. */
  put(name: string, bytes: Uint8Array): Promise<void> {
    return this.#overlay.put(name, bytes);
  }

  /** Hides what the base has. */
  delete(name: string): Promise<void> {
    this.#deleted.add(name);
    return this.#overlay.delete(name);
  }
}
