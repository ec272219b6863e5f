import { equalBytes } from "../bytes/mod.ts";
import { VerifiedChunk } from "../chunk/mod.ts";
import { BrecciaError, checkCancelled, isBrecciaError } from "../errors.ts";
import { type ChunkRef, type ReleaseIndex, StreamLayout, TreeStream } from "../index/mod.ts";
import type { RandomAccess, TreeReader } from "../ports/mod.ts";

/**
 * A release on the device whose chunks the next one can use. Neither its tree nor its index is trusted:
 * a chunk taken from it is hashed against the index of the release that wants it.
 */
export interface Seed {
  /** What it is, for people: `"3.1.0 (installed)"`. */
  readonly label: string;
  /** What its tree was when it was written. */
  readonly index: ReleaseIndex;
  /** Its stream, regenerated from its tree. */
  readonly stream: RandomAccess;
  /** How many chunks, from the first, are there: all, unless a transfer was interrupted. */
  readonly chunks: number;
}

/** The seed that an installed tree is. */
export function treeSeed(label: string, index: ReleaseIndex, tree: TreeReader): Seed {
  const stream = new TreeStream(new StreamLayout(index.entries), tree);
  return { label, index, stream, chunks: index.chunks.count };
}

/**
 * The seed that an interrupted transfer left. Trees are written in the order of the stream, so what is
 * there is a beginning of it: it is read until the first chunk that is not whole.
 *
 * @throws {BrecciaError} `cancelled`
 */
export async function partialSeed(
  label: string,
  index: ReleaseIndex,
  tree: TreeReader,
  signal?: AbortSignal,
): Promise<Seed> {
  const whole = treeSeed(label, index, tree);
  let chunks = 0;
  for (const chunk of index.chunks) {
    checkCancelled(signal, "The update");
    if (await readSeedChunk(whole.stream, chunk, chunk.hash) === undefined) break;
    chunks++;
  }
  return { ...whole, chunks };
}

/**
 * Reads the chunk named `hash` where a seed's index says that it lies, or `undefined` when the seed holds
 * something else by now.
 */
export async function readSeedChunk(
  stream: RandomAccess,
  place: Pick<ChunkRef, "offset" | "length">,
  hash: Uint8Array,
): Promise<VerifiedChunk | undefined> {
  const bytes = new Uint8Array(place.length);
  await stream.read(place.offset, bytes);
  try {
    return await VerifiedChunk.verify(bytes, hash);
  } catch (error) {
    if (isBrecciaError(error, "chunk-mismatch")) return undefined;
    throw error;
  }
}

/** More seeds than a device ever has: bounds how places are packed into numbers. */
const MAX_SEEDS = 256;

/** Where in which seed a chunk lies. */
export interface SeedPlace {
  /** Number of the seed. */
  readonly seed: number;
  /** Number of the chunk in it. */
  readonly ordinal: number;
}

/** Finds chunks in seeds by their hash; earlier seeds win. */
export class SeedTable {
  readonly #seeds: readonly Seed[];
  /** By the first six bytes of the hash: where to look. The whole hash is compared before a hit counts. */
  readonly #places = new Map<number, number>();

  /** Refuses more than 256 seeds. */
  constructor(seeds: readonly Seed[]) {
    if (seeds.length > MAX_SEEDS) {
      throw new BrecciaError(
        "usage",
        `Cannot use ${seeds.length} seeds; give at most ${MAX_SEEDS}`,
      );
    }
    this.#seeds = seeds;
    for (const [number, { index, chunks }] of seeds.entries()) {
      for (let ordinal = 0; ordinal < chunks; ordinal++) {
        const key = hashKey(index.chunks.at(ordinal).hash);
        if (!this.#places.has(key)) this.#places.set(key, ordinal * MAX_SEEDS + number);
      }
    }
  }

  /** The place of the chunk with this hash, or `undefined` when no seed has it. */
  find(hash: Uint8Array): SeedPlace | undefined {
    const place = this.#places.get(hashKey(hash));
    if (place === undefined) return undefined;
    const seed = place % MAX_SEEDS;
    const ordinal = Math.floor(place / MAX_SEEDS);
    const found = (this.#seeds[seed] as Seed).index.chunks.at(ordinal);
    return equalBytes(found.hash, hash) ? { seed, ordinal } : undefined;
  }
}

/** The first six bytes of a hash as a number. A clash, chosen or not, costs a fetch and nothing else. */
export function hashKey(hash: Uint8Array): number {
  let key = 0;
  for (let i = 0; i < 6; i++) key = key * 256 + (hash[i] as number);
  return key;
}
