import type { HintIndex } from "../../archive/mod.ts";
import { encodeHex } from "../../bytes/mod.ts";
import type { ChunkRef, PackRef } from "../../index/mod.ts";

/** A chunk that the store has, and where. */
export interface KnownChunk {
  readonly pack: PackRef;
  /** Its place and length there. */
  readonly place: Pick<ChunkRef, "hash" | "length" | "packOffset" | "storedLength">;
}

/** Chunks that are remembered, some hundred bytes each: 6 GB of content at the usual lengths. */
const REMEMBERED = 100_000;

/** Where chunks of mirrored files are stored, by their content: the newest, as far as memory allows. */
export class KnownChunks {
  /** By SHA-256 in hex, the oldest first. */
  readonly #chunks = new Map<string, KnownChunk>();

  /** The chunk with this SHA-256, 32 bytes. */
  find(hash: Uint8Array): KnownChunk | undefined {
    return this.#chunks.get(encodeHex(hash));
  }

  /** Remembers the chunks of a file that is in the store. */
  learn({ chunks, packs }: HintIndex): void {
    for (const chunk of chunks) {
      const { hash, length, packOffset, storedLength } = chunk;
      const name = encodeHex(hash);
      this.#chunks.delete(name);
      // A copy: a view would keep the whole index.
      const place = { hash: hash.slice(), length, packOffset, storedLength };
      this.#chunks.set(name, { pack: packs[chunk.pack]!, place });
    }
    for (const name of this.#chunks.keys()) {
      if (this.#chunks.size <= REMEMBERED) return;
      this.#chunks.delete(name);
    }
  }

  /** Forgets what lies in these packs: one of them is damaged or gone. */
  forget({ packs }: Pick<HintIndex, "packs">): void {
    const gone = new Set(packs.map(({ sha256 }) => encodeHex(sha256)));
    for (const [name, { pack }] of this.#chunks) {
      if (gone.has(encodeHex(pack.sha256))) this.#chunks.delete(name);
    }
  }
}
