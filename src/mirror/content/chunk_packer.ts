import { concatBytes, encodeHex, sha256 } from "../../bytes/mod.ts";
import { type ChunkRef, ChunkTable, packKey, type PackRef } from "../../index/mod.ts";
import type { ObjectStore } from "../../ports/mod.ts";
import type { KnownChunk } from "./known_chunks.ts";

/** Length at which a pack is closed, in bytes. */
const PACK_BYTES = 4 * 1024 * 1024;

/** A pack that is being filled; named when it is closed. */
interface OpenPack {
  sha256: Uint8Array;
  bytes: number;
}

type Place = KnownChunk["place"] & { readonly pack: OpenPack | PackRef };

/** Collects the chunks of one file: new ones go into packs, in the store as soon as they are full. */
export class ChunkPacker {
  readonly #store: ObjectStore;
  readonly #chunks: Place[] = [];
  /** Chunks of this file that are new, by SHA-256 in hex: a file of zeros stores one. */
  readonly #own = new Map<string, Place>();
  #open: OpenPack = { sha256: new Uint8Array(0), bytes: 0 };
  #parts: Uint8Array[] = [];

  /** Writes packs into `store`. */
  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Takes a chunk that the store has; nothing is written. */
  reuse({ pack, place }: KnownChunk): void {
    this.#chunks.push({ ...place, pack });
  }

  /** Takes a chunk that this file had before; false when it had not. */
  repeat(hash: Uint8Array): boolean {
    const place = this.#own.get(encodeHex(hash));
    if (place !== undefined) this.#chunks.push(place);
    return place !== undefined;
  }

  /** Takes a new chunk and its stored form. */
  async add(hash: Uint8Array, length: number, stored: Uint8Array): Promise<void> {
    if (this.#open.bytes + stored.length > PACK_BYTES) await this.#close();
    const pack = this.#open;
    const place = { hash, length, packOffset: pack.bytes, storedLength: stored.length, pack };
    this.#parts.push(stored);
    pack.bytes += stored.length;
    this.#chunks.push(place);
    this.#own.set(encodeHex(hash), place);
  }

  /** Writes what is left, and tells where every chunk lies. */
  async finish(): Promise<{ readonly chunks: ChunkTable; readonly packs: readonly PackRef[] }> {
    await this.#close();
    const numbers = new Map<string, number>();
    const packs: PackRef[] = [];
    const places: Omit<ChunkRef, "ordinal" | "offset">[] = this.#chunks.map((chunk) => {
      const name = encodeHex(chunk.pack.sha256);
      let pack = numbers.get(name);
      if (pack === undefined) {
        pack = packs.push(chunk.pack) - 1;
        numbers.set(name, pack);
      }
      return { ...chunk, pack };
    });
    return { chunks: new ChunkTable(places, places.length), packs };
  }

  /** Written even when the store has a pack of that name: it may be the damaged one that is mended. */
  async #close(): Promise<void> {
    if (this.#open.bytes === 0) return;
    const bytes = concatBytes(this.#parts);
    this.#open.sha256 = await sha256(bytes);
    await this.#store.put(packKey(this.#open.sha256), bytes);
    this.#open = { sha256: new Uint8Array(0), bytes: 0 };
    this.#parts = [];
  }
}
