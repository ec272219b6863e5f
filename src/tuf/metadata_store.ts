/**
 * Where trusted metadata is kept between runs. Only verified bytes are ever put into it, byte for byte
 * as they were received, and what is read from it is verified again.
 *
 * Names are file names of `[A-Za-z0-9._~%-]`: `root.json` and `N.root.json`, `timestamp.json`,
 * `snapshot.json`, `targets.json`, and `ROLE.json` for delegated roles, percent-encoded.
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
