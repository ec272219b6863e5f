import { concatBytes, sha256 } from "../bytes/mod.ts";
import { packKey } from "../index/mod.ts";
import type { ObjectStore } from "../ports/mod.ts";

/**
 * Length at which a pack is closed, in bytes: large enough that a fresh install is a few requests, small
 * enough that an edge which lacks one chunk of it fetches it whole in a blink.
 */
const PACK_BYTES = 4 * 1024 * 1024;

/** A pack, written or still open. */
export interface Pack {
  /** Its length so far, in bytes. */
  bytes: number;
  /** SHA-256, 32 bytes; known once it is closed. */
  sha256: Uint8Array | undefined;
}

/** Where a chunk is stored. */
export interface ChunkPlace {
  readonly pack: Pack;
  /** Where it begins in the pack, in bytes. */
  readonly offset: number;
  /** Its stored length in bytes. */
  readonly storedLength: number;
}

/** Collects stored chunks into packs, and puts each pack into the store as soon as it is full. */
export class PackWriter {
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal | undefined;
  #open: Pack = { bytes: 0, sha256: undefined };
  #parts: Uint8Array[] = [];
  /** Bytes of all packs so far. */
  bytesWritten = 0;

  /** Writes packs into `store`. */
  constructor(store: ObjectStore, options: { signal?: AbortSignal | undefined }) {
    this.#store = store;
    this.#signal = options.signal;
  }

  /** Appends a stored chunk. */
  async add(stored: Uint8Array): Promise<ChunkPlace> {
    if (this.#open.bytes + stored.length > PACK_BYTES) await this.close();
    const place = { pack: this.#open, offset: this.#open.bytes, storedLength: stored.length };
    this.#parts.push(stored);
    this.#open.bytes += stored.length;
    this.bytesWritten += stored.length;
    return place;
  }

  /** Writes what is left. A pack that is there already is not written again: its name is its hash. */
  async close(): Promise<void> {
    const pack = this.#open;
    if (pack.bytes === 0) return;
    const bytes = concatBytes(this.#parts);
    pack.sha256 = await sha256(bytes);
    const key = packKey(pack.sha256);
    const signal = this.#signal === undefined ? {} : { signal: this.#signal };
    if (await this.#store.head(key, signal) === undefined) {
      await this.#store.put(key, bytes, signal);
    }
    this.#open = { bytes: 0, sha256: undefined };
    this.#parts = [];
  }
}
