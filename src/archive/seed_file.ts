import { encodeHex } from "../bytes/mod.ts";
import { chunkStream, DEFAULT_CHUNKING, VerifiedChunk } from "../chunk/mod.ts";
import { isBrecciaError } from "../errors.ts";
import type { RandomAccess } from "../ports/mod.ts";
import { ContentReader } from "./content_reader.ts";
import { DecodedContent, pieces } from "./decoded_content.ts";

/** Where a wanted chunk lies: in the content, or in the file as it is. */
interface SeedPlace {
  readonly compressed: boolean;
  readonly offset: number;
  readonly length: number;
}

/** Content may be decoded this many times over, and the slack: stops archives whose files were shuffled. */
const REREADS = 4;
const SLACK_BYTES = 64 * 1024 * 1024;

/**
 * Any file at hand, usually an older version, as a source of chunks: of its content where it is a
 * compressed archive, and of its own bytes. It is not trusted: each chunk is hashed when it is read.
 */
export class SeedFile {
  readonly #file: RandomAccess;
  readonly #reader: ContentReader;
  /** By SHA-256 in hex. */
  readonly #places: ReadonlyMap<string, SeedPlace>;

  private constructor(
    file: RandomAccess,
    reader: ContentReader,
    places: ReadonlyMap<string, SeedPlace>,
  ) {
    this.#file = file;
    this.#reader = reader;
    this.#places = places;
  }

  /**
   * Looks through `file` for `wanted` chunks, which will be read in that order. Those that would take
   * decoding it over and over are left out. Memory is that of the list of wanted chunks.
   */
  static async open(
    file: RandomAccess,
    wanted: Iterable<{ readonly hash: Uint8Array }>,
    signal?: AbortSignal,
  ): Promise<SeedFile> {
    const order = Array.from(wanted, ({ hash }) => encodeHex(hash));
    const names = new Set(order);
    const places = new Map<string, SeedPlace>();
    const look = async (bytes: AsyncIterable<Uint8Array>, compressed: boolean): Promise<number> => {
      let length = 0;
      for await (const chunk of chunkStream(bytes, DEFAULT_CHUNKING)) {
        signal?.throwIfAborted();
        length = chunk.offset + chunk.bytes.length;
        const name = encodeHex(chunk.hash);
        if (!names.has(name) || places.has(name)) continue;
        places.set(name, { compressed, offset: chunk.offset, length: chunk.bytes.length });
      }
      return length;
    };
    const decoded = new DecodedContent(file);
    const contentBytes = await look(decoded.content(), false);
    // What an edge could not make again is stored as it is.
    if (decoded.stretches.length > 1) await look(pieces(file, 0), true);
    const reader = new ContentReader(file, decoded.stretches);
    dropCostly(places, order, reader, REREADS * contentBytes + SLACK_BYTES);
    return new SeedFile(file, reader, places);
  }

  /** Whether it had the chunk when it was opened. */
  knows(hash: Uint8Array): boolean {
    return this.#places.has(encodeHex(hash));
  }

  /** The chunk, hashed; `undefined` when the file holds something else by now. */
  async read(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const place = this.#places.get(encodeHex(hash));
    if (place === undefined) return undefined;
    const { compressed, offset, length } = place;
    let bytes = new Uint8Array(length);
    if (compressed) await this.#file.read(offset, bytes);
    else bytes = await this.#reader.read(offset, length);
    try {
      return (await VerifiedChunk.verify(bytes, hash)).bytes;
    } catch (error) {
      if (isBrecciaError(error, "chunk-mismatch")) return undefined;
      throw error;
    }
  }
}

/** Leaves out chunks once reading those before them has cost `budget` bytes of decoding. */
function dropCostly(
  places: Map<string, SeedPlace>,
  order: readonly string[],
  reader: ContentReader,
  budget: number,
): void {
  let spent = 0;
  let from = 0;
  for (const name of order) {
    const place = places.get(name);
    if (place === undefined || place.compressed) continue;
    const cost = reader.cost(place.offset, place.length, from);
    if (spent + cost > budget) {
      places.delete(name);
      continue;
    }
    spent += cost;
    from = place.offset + place.length;
  }
}
