import { SHA256_BYTES } from "../bytes/mod.ts";

/** One chunk of a release, and where it is stored. */
export interface ChunkRef {
  /** Its number in the stream, from 0. */
  readonly ordinal: number;
  /** SHA-256 of its content, 32 bytes. */
  readonly hash: Uint8Array;
  /** Where it begins in the stream, in bytes. */
  readonly offset: number;
  /** Its length in bytes. */
  readonly length: number;
  /** Number of the pack that holds it. */
  readonly pack: number;
  /** Where it begins in that pack, in bytes. */
  readonly packOffset: number;
  /** Its length in the pack; equal to `length` when it is stored as it is, else a zstd frame. */
  readonly storedLength: number;
}

/** What a {@linkcode ChunkTable} keeps; the arrays are taken over. */
export interface ChunkColumns {
  /** 32 bytes for each chunk. */
  readonly hashes: Uint8Array;
  /** Where each begins in the stream, and in the end where the last one ends. */
  readonly offsets: Float64Array;
  readonly packs: Uint32Array;
  readonly packOffsets: Uint32Array;
  readonly storedLengths: Uint32Array;
}

/** The chunks of a release in columns: tens of bytes a chunk, whatever their count. */
export class ChunkTable {
  /** How many chunks there are. */
  readonly count: number;
  /** Their lengths added up. */
  readonly streamBytes: number;
  readonly #hashes: Uint8Array;
  readonly #offsets: Float64Array;
  readonly #packs: Uint32Array;
  readonly #packOffsets: Uint32Array;
  readonly #storedLengths: Uint32Array;

  /** Makes a table of chunks given in stream order; their `ordinal` and `offset` are derived. */
  constructor(
    chunks: Iterable<Omit<ChunkRef, "ordinal" | "offset">> | ChunkColumns,
    count: number,
  ) {
    const columns = "hashes" in chunks ? chunks : columnsOf(chunks, count);
    this.count = count;
    this.#hashes = columns.hashes;
    this.#offsets = columns.offsets;
    this.#packs = columns.packs;
    this.#packOffsets = columns.packOffsets;
    this.#storedLengths = columns.storedLengths;
    this.streamBytes = this.#offsets[count]!;
  }

  /** The chunk with this number. Throws `RangeError` outside 0 … count − 1. */
  at(ordinal: number): ChunkRef {
    if (!(ordinal >= 0 && ordinal < this.count)) {
      throw new RangeError(`chunk ${ordinal} of ${this.count}`);
    }
    const offset = this.#offsets[ordinal]!;
    return {
      ordinal,
      hash: this.#hashes.subarray(ordinal * SHA256_BYTES, (ordinal + 1) * SHA256_BYTES),
      offset,
      length: this.#offsets[ordinal + 1]! - offset,
      pack: this.#packs[ordinal]!,
      packOffset: this.#packOffsets[ordinal]!,
      storedLength: this.#storedLengths[ordinal]!,
    };
  }

  /** Number of the chunk that holds the stream's byte at `offset`. */
  ordinalAt(offset: number): number {
    let low = 0;
    let high = this.count;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#offsets[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  /** All chunks in stream order. */
  *[Symbol.iterator](): Generator<ChunkRef> {
    for (let ordinal = 0; ordinal < this.count; ordinal++) yield this.at(ordinal);
  }
}

function columnsOf(
  chunks: Iterable<Omit<ChunkRef, "ordinal" | "offset">>,
  count: number,
): ChunkColumns {
  const columns: ChunkColumns = {
    hashes: new Uint8Array(count * SHA256_BYTES),
    offsets: new Float64Array(count + 1),
    packs: new Uint32Array(count),
    packOffsets: new Uint32Array(count),
    storedLengths: new Uint32Array(count),
  };
  let ordinal = 0;
  for (const chunk of chunks) {
    columns.hashes.set(chunk.hash, ordinal * SHA256_BYTES);
    columns.packs[ordinal] = chunk.pack;
    columns.packOffsets[ordinal] = chunk.packOffset;
    columns.storedLengths[ordinal] = chunk.storedLength;
    columns.offsets[ordinal + 1] = columns.offsets[ordinal]! + chunk.length;
    ordinal++;
  }
  if (ordinal !== count) throw new RangeError(`${ordinal} chunks given for a table of ${count}`);
  return columns;
}
