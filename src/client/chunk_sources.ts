import { equalBytes } from "../bytes/mod.ts";
import type { ReleaseIndex } from "../index/mod.ts";
import { hashKey, type Seed, type SeedPlace, SeedTable } from "./seed.ts";

/** Where one chunk of a release comes from. */
export type ChunkSource =
  | { readonly kind: "seed"; readonly place: SeedPlace }
  /** From the tree being written: an earlier chunk of the same release is the same. */
  | { readonly kind: "earlier"; readonly ordinal: number }
  | { readonly kind: "fetch" };

const FETCH = -1;
const EARLIER = -2;

/** Where every chunk of a release comes from, in columns. */
export class ChunkSources {
  /** How many chunks there are. */
  readonly count: number;
  /** Number of the seed, or one of the marks above. */
  readonly #from: Int16Array;
  /** Number of the chunk there. */
  readonly #ordinals: Uint32Array;

  private constructor(count: number) {
    this.count = count;
    this.#from = new Int16Array(count);
    this.#ordinals = new Uint32Array(count);
  }

  /** The cheapest source of each chunk: a seed, else an earlier equal chunk, else a mirror. */
  static choose(index: ReleaseIndex, seeds: readonly Seed[]): ChunkSources {
    const sources = new ChunkSources(index.chunks.count);
    const table = new SeedTable(seeds);
    const earlier = new Map<number, number>();
    for (const { ordinal, hash } of index.chunks) {
      const place = table.find(hash);
      if (place !== undefined) {
        sources.#from[ordinal] = place.seed;
        sources.#ordinals[ordinal] = place.ordinal;
        continue;
      }
      const key = hashKey(hash);
      const twin = earlier.get(key);
      if (twin !== undefined && equalBytes(index.chunks.at(twin).hash, hash)) {
        sources.#from[ordinal] = EARLIER;
        sources.#ordinals[ordinal] = twin;
      } else {
        sources.#from[ordinal] = FETCH;
        earlier.set(key, ordinal);
      }
    }
    return sources;
  }

  /** The source of chunk number `ordinal`. */
  of(ordinal: number): ChunkSource {
    const from = this.#from[ordinal] as number;
    if (from === FETCH) return { kind: "fetch" };
    const there = this.#ordinals[ordinal] as number;
    return from === EARLIER
      ? { kind: "earlier", ordinal: there }
      : { kind: "seed", place: { seed: from, ordinal: there } };
  }

  /** Numbers of the chunks to fetch, in stream order. */
  *fetched(): Generator<number> {
    for (let ordinal = 0; ordinal < this.count; ordinal++) {
      if (this.#from[ordinal] === FETCH) yield ordinal;
    }
  }
}
