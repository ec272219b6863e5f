import { concatBytes, Turns } from "../bytes/mod.ts";
import { ARCHIVE_LIMITS } from "../limits.ts";
import { archiveContent } from "./archive_content.ts";
import { ByteSource } from "./byte_source.ts";
import { DeflateBudget, inflateWork, type Stopwatch } from "./deflate_budget.ts";
import type { DeflateSettings } from "./deflater.ts";
import { INFLATE_PIECE_BYTES, Inflater } from "./inflater.ts";
import { Proof } from "./proof.ts";
import { type Recipe, recipeOf, type Step } from "./recipe.ts";
import { findSettings } from "./settings_search.ts";

/** Content that is decoded before settings are sought: some blocks of it. */
const SAMPLE_BYTES = 448 * 1024;

/** Longest piece that is copied at once. */
const COPY_BYTES = 64 * 1024;

/** Deflating takes as long as other work on so many times its bytes. */
const TURN_WEIGHT = 2;

/** A member, however short, takes as long as other work on so many bytes. */
const MEMBER_WORK = 2 * 1024;

/** Steps kept free for what ends an archive. */
const SPARE_STEPS = 8;

/** How a file is opened. */
export interface OpenedArchiveOptions {
  /** Ends it with the signal's reason, also while settings are sought. */
  readonly signal?: AbortSignal | undefined;
  /** Measures what deflating takes. Default: the runtime's clock. */
  readonly now?: Stopwatch | undefined;
}

/**
 * Any file, read once as a stream and opened where it can be made again: the deflate streams of gzip files
 * and zip archives (wheels, jars) come out as what they decode to, everything else as it is. Each byte of
 * the file is either copied to the content or was made again from it and compared, so that the recipe is
 * proved when the content ends. A file of no known kind is one copy. Memory is bounded whatever the file is,
 * and so is the work: one budget for the whole file ({@linkcode ARCHIVE_LIMITS}), which grows with what was
 * read of it. Once it is spent, the rest is copied.
 */
export class OpenedArchive {
  readonly #source: ByteSource;
  readonly #steps: Step[] = [];
  /** Settings found in this archive, the last one first: members of a zip are made by one program. */
  #found: readonly DeflateSettings[] = [];
  #failures = 0;
  readonly #turns: Turns;
  readonly #budget: DeflateBudget;

  /** Opens `file`. */
  constructor(file: AsyncIterable<Uint8Array>, { signal, now }: OpenedArchiveOptions = {}) {
    this.#source = new ByteSource(file);
    this.#turns = new Turns(signal);
    const { workSlackBytes: work, slackMilliseconds: milliseconds } = ARCHIVE_LIMITS;
    this.#budget = new DeflateBudget({ work, milliseconds }, now);
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
      this.#failures < ARCHIVE_LIMITS.failures && !this.#budget.isSpent;
  }

  async *#deflated(): AsyncGenerator<Uint8Array, boolean> {
    await this.#turns.spend(MEMBER_WORK);
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
    const settings = broken ? undefined : await findSettings(sample, this.#found, {
      budget: this.#budget,
      turns: this.#turns,
    });
    if (settings === undefined) {
      this.#failures++;
      yield* this.#literal(sample.compressed);
      return yield* this.#copyStream(inflater, state);
    }
    this.#failures = 0;
    this.#found = [settings];
    const proof = new Proof(settings, this.#budget);
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
      await this.#turns.spend(TURN_WEIGHT * piece.length);
    }
  }

  /** What is left of a stream as it is; decoded on, only to find its end. True when it has one in time. */
  async *#copyStream(inflater: Inflater, state: string): AsyncGenerator<Uint8Array, boolean> {
    while (state === "open" && !this.#budget.isSpent) {
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
    const { workPerByte, bytesPerMillisecond } = ARCHIVE_LIMITS;
    const { content, used, state } = this.#budget.measure(0, () => inflater.push(taken));
    const work = inflateWork(content.reduce((sum, piece) => sum + piece.length, 0));
    this.#budget.spend(work);
    this.#budget.earn({ work: workPerByte * used, milliseconds: used / bytesPerMillisecond });
    await this.#turns.spend(work);
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
