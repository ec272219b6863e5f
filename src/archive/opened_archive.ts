import { concatBytes, turn } from "../bytes/mod.ts";
import { ARCHIVE_LIMITS } from "../limits.ts";
import { archiveContent } from "./archive_content.ts";
import { ByteSource } from "./byte_source.ts";
import type { DeflateSettings } from "./deflater.ts";
import { INFLATE_PIECE_BYTES, Inflater } from "./inflater.ts";
import { Proof } from "./proof.ts";
import { type Recipe, recipeOf, type Step } from "./recipe.ts";
import { findSettings } from "./settings_search.ts";

/** Content that is decoded before settings are sought: some blocks of it. */
const SAMPLE_BYTES = 448 * 1024;

/** Longest piece that is copied at once. */
const COPY_BYTES = 64 * 1024;

/** Content that is compressed again before others have their turn. */
const TURN_BYTES = 128 * 1024;

/** Steps kept free for what ends an archive. */
const SPARE_STEPS = 8;

/**
 * Any file, read once as a stream and opened where it can be made again: the deflate streams of gzip files
 * and zip archives (wheels, jars) come out as what they decode to, everything else as it is. Each byte of
 * the file is either copied to the content or was made again from it and compared, so that the recipe is
 * proved when the content ends. A file of no known kind is one copy. Memory is bounded whatever the file is.
 */
export class OpenedArchive {
  readonly #source: ByteSource;
  readonly #steps: Step[] = [];
  /** Settings found in this archive, the last one first: members of a zip are made by one program. */
  #found: readonly DeflateSettings[] = [];
  #failures = 0;
  #sinceTurn = 0;

  /** Opens `file`. */
  constructor(file: AsyncIterable<Uint8Array>) {
    this.#source = new ByteSource(file);
  }

  /** How the file is made from what {@linkcode OpenedArchive.content} yielded, once that has ended. */
  get recipe(): Recipe {
    return recipeOf(this.#steps);
  }

  /** The content, which the recipe takes. To be read once. */
  content(): AsyncGenerator<Uint8Array> {
    return archiveContent(this.#source, {
      copy: (bytes) => this.#copy(bytes),
      deflated: () => this.#deflated(),
      hasRoom: () => this.#hasRoom(),
    });
  }

  #hasRoom(): boolean {
    return this.#steps.length < ARCHIVE_LIMITS.steps - SPARE_STEPS &&
      this.#failures < ARCHIVE_LIMITS.failures;
  }

  async *#deflated(): AsyncGenerator<Uint8Array, boolean> {
    const inflater = new Inflater();
    const compressed: Uint8Array[] = [];
    const content: Uint8Array[] = [];
    let contentBytes = 0;
    let state: "open" | "ended" | "broken" | "cut" = "open";
    while (state === "open" && contentBytes < SAMPLE_BYTES) {
      const next = await this.#inflate(inflater);
      compressed.push(next.compressed);
      content.push(...next.content);
      for (const piece of next.content) contentBytes += piece.length;
      state = next.state;
    }
    const sample = { content, compressed: concatBytes(compressed), whole: state === "ended" };
    const broken = state === "broken" || state === "cut";
    const settings = broken ? undefined : await findSettings(sample, this.#found);
    if (settings === undefined) {
      this.#failures++;
      yield* this.#literal(sample.compressed);
      return yield* this.#copyStream(inflater, state);
    }
    this.#failures = 0;
    this.#found = [settings];
    const proof = new Proof(settings);
    yield* this.#proved(proof, sample.compressed, content);
    while (state === "open" && proof.holds) {
      const next = await this.#inflate(inflater);
      yield* this.#proved(proof, next.compressed, next.content);
      state = next.state;
    }
    const { step, rest } = proof.end();
    this.#steps.push(step);
    for (const bytes of rest) yield* this.#literal(bytes);
    return yield* this.#copyStream(inflater, state);
  }

  async *#proved(
    proof: Proof,
    compressed: Uint8Array,
    content: readonly Uint8Array[],
  ): AsyncGenerator<Uint8Array> {
    for (const piece of proof.push(compressed, content)) {
      yield piece;
      this.#sinceTurn += piece.length;
      if (this.#sinceTurn < TURN_BYTES) continue;
      this.#sinceTurn = 0;
      await turn();
    }
  }

  /** What is left of a stream as it is; decoded on, only to find its end. True when it has one. */
  async *#copyStream(inflater: Inflater, state: string): AsyncGenerator<Uint8Array, boolean> {
    while (state === "open") {
      const next = await this.#inflate(inflater);
      yield* this.#literal(next.compressed);
      state = next.state;
    }
    return state === "ended";
  }

  async #inflate(inflater: Inflater): Promise<{
    readonly compressed: Uint8Array;
    readonly content: readonly Uint8Array[];
    readonly state: "open" | "ended" | "broken" | "cut";
  }> {
    const taken = await this.#source.take(INFLATE_PIECE_BYTES);
    if (taken.length === 0) return { compressed: taken, content: [], state: "cut" };
    const { content, used, state } = inflater.push(taken);
    this.#source.giveBack(taken.subarray(used));
    return { compressed: taken.subarray(0, used), content, state };
  }

  async *#copy(bytes: number): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0;) {
      const piece = await this.#source.take(Math.min(left, COPY_BYTES));
      if (piece.length === 0) return;
      left -= piece.length;
      yield* this.#literal(piece);
    }
  }

  *#literal(bytes: Uint8Array): Generator<Uint8Array> {
    if (bytes.length === 0) return;
    const last = this.#steps.at(-1);
    if (last?.kind === "copy") {
      this.#steps[this.#steps.length - 1] = { kind: "copy", bytes: last.bytes + bytes.length };
    } else this.#steps.push({ kind: "copy", bytes: bytes.length });
    yield bytes;
  }
}
