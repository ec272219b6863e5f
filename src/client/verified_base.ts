import { BrecciaError } from "../errors.ts";
import type { ChunkRef } from "../index/mod.ts";
import type { RandomAccess } from "../ports/mod.ts";
import { readSeedChunk, type Seed } from "./seed.ts";

/** Verified chunks kept at hand: a decoder reads the old release in nearly ascending order. */
const KEPT_BYTES = 8 * 1024 * 1024;

/**
 * The old release as a delta decoder reads it: every chunk is hashed against the old index before a byte
 * of it is used, so that a file changed on disk stops the delta instead of spoiling what it makes.
 */
export class VerifiedBase implements RandomAccess {
  readonly #seed: Seed;
  readonly #kept = new Map<number, Uint8Array>();
  #keptBytes = 0;

  /** Reads the stream of `seed`. */
  constructor(seed: Seed) {
    this.#seed = seed;
  }

  /** Length of the old release's stream in bytes. */
  get size(): number {
    return this.#seed.index.streamBytes;
  }

  /**
   * Fills `into` from `offset` on.
   *
   * @throws {BrecciaError} `delta-mismatch` when a chunk is not what its index says.
   */
  async read(offset: number, into: Uint8Array): Promise<void> {
    const { chunks } = this.#seed.index;
    const end = offset + into.length;
    for (let at = offset; at < end;) {
      const chunk = chunks.at(chunks.ordinalAt(at));
      const bytes = await this.#verified(chunk);
      const part = bytes.subarray(at - chunk.offset, end - chunk.offset);
      if (part.length === 0) throw beyondEnd(this.#seed.label);
      into.set(part, at - offset);
      at += part.length;
    }
  }

  async #verified(chunk: ChunkRef): Promise<Uint8Array> {
    const kept = this.#kept.get(chunk.ordinal);
    if (kept !== undefined) return kept;
    const verified = await readSeedChunk(this.#seed.stream, chunk, chunk.hash);
    if (verified === undefined) {
      throw new BrecciaError(
        "delta-mismatch",
        `Cannot use the delta: chunk ${chunk.ordinal} of ${this.#seed.label} was changed on disk; ` +
          `its bytes are fetched instead`,
      );
    }
    this.#keptBytes += chunk.length;
    this.#kept.set(chunk.ordinal, verified.bytes);
    for (const [ordinal, { length }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#kept.delete(ordinal);
      this.#keptBytes -= length;
    }
    return verified.bytes;
  }
}

/** What lies past the last chunk has no chunk: the look for it must end. */
function beyondEnd(label: string): BrecciaError {
  return new BrecciaError(
    "delta-mismatch",
    `Cannot use the delta: it reads past the end of ${label}; its bytes are fetched instead`,
  );
}
