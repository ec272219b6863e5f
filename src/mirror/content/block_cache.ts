import { encodeHex, equalBytes, sha256 } from "../../bytes/mod.ts";
import { isBrecciaError } from "../../errors.ts";
import type { ManagedStore } from "../../ports/mod.ts";
import { blockKey, BLOCKS, isBlockKey } from "../state/store_layout.ts";

/** Blocks that are being written; what comes meanwhile is made again another time. */
const WRITING = 8;

/**
 * Blocks of archives that were made again, so that the next who asks for the archive does not wait for it:
 * within a budget of bytes, those used longest ago leave first. It is a cache: what can't be written, or
 * was damaged, is made again.
 */
export class BlockCache {
  readonly #store: ManagedStore;
  readonly #budget: number;
  readonly #writing = new Set<Promise<void>>();
  /** Lengths by SHA-256 in hex, the one used longest ago first. */
  #shelved: Promise<Map<string, number>> | undefined;
  #held = 0;

  /** Keeps up to `budget` bytes in `store`; a budget of 0 reads what another thread has written. */
  constructor(store: ManagedStore, budget: number) {
    this.#store = store;
    this.#budget = budget;
  }

  /**
   * The block with this SHA-256, hashed; `undefined` when it is not there. Must not be changed.
   *
   * @throws {BrecciaError} of the storage family.
   */
  async read(hash: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const name = encodeHex(hash);
    const bytes = await this.#fromStore(blockKey(name));
    if (bytes === undefined) return undefined;
    if (!equalBytes(await sha256(bytes), hash)) {
      await this.#drop(name);
      return undefined;
    }
    if (this.#budget > 0) this.#use(name, bytes.length, await this.#names());
    return bytes;
  }

  /** Keeps a verified block, some time soon; whoever waits for the block does not wait for that. */
  keep(hash: Uint8Array, bytes: Uint8Array): void {
    if (this.#writing.size >= WRITING || bytes.length > this.#budget) return;
    const task = this.#write(encodeHex(hash), bytes).finally(() => this.#writing.delete(task));
    this.#writing.add(task);
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  /** Keys of the objects on the shelf. */
  async *keys(): AsyncGenerator<string> {
    for (const name of (await this.#names()).keys()) yield blockKey(name);
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    try {
      const names = await this.#names();
      await this.#store.put(blockKey(name), bytes);
      this.#use(name, bytes.length, names);
      for (const oldest of names.keys()) {
        if (this.#held <= this.#budget) return;
        await this.#drop(oldest);
      }
    } catch (error) {
      // A disk that is full has better uses; others will say so.
      if (!isBrecciaError(error)) throw error;
    }
  }

  #use(name: string, bytes: number, names: Map<string, number>): void {
    this.#held += bytes - (names.get(name) ?? 0);
    names.delete(name);
    names.set(name, bytes);
  }

  async #drop(name: string): Promise<void> {
    const names = await this.#names();
    this.#held -= names.get(name) ?? 0;
    names.delete(name);
    await this.#store.delete(blockKey(name));
  }

  /** What the medium has lost counts as not there. */
  async #fromStore(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return (await this.#store.get(key))?.bytes;
    } catch (error) {
      if (isBrecciaError(error, "storage-corrupt")) return undefined;
      throw error;
    }
  }

  #names(): Promise<Map<string, number>> {
    this.#shelved ??= this.#load();
    this.#shelved.catch(() => this.#shelved = undefined);
    return this.#shelved;
  }

  /** What an earlier process has left. */
  async #load(): Promise<Map<string, number>> {
    const names = new Map<string, number>();
    this.#held = 0;
    for await (const { key, size } of this.#store.list(BLOCKS)) {
      if (isBlockKey(key)) this.#use(key.slice(BLOCKS.length), size, names);
    }
    return names;
  }
}
