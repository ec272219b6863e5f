import { AddressMap } from "./address_map.ts";
import type { ByteSource } from "./byte_source.ts";
import type { DeltaHead } from "./head.ts";
import { PairLayout } from "./pair_layout.ts";
import { Prediction } from "./prediction.ts";
import type { Neighbourhood, ResidualCoder } from "./residual_coder.ts";
import { type Buffer32, CONTEXT_BYTES } from "./stretch.ts";

/** Where a piece of the segment copies from. */
const FROM_OLD = 0;
const FROM_EARLIER = 1;
const FROM_SEGMENT = 2;
/** Or it copies nothing: what no match covers. */
const LITERAL = 3;

/** No place in the old file is known. */
const NOWHERE = 2 ** 32 - 1;

/** Most old bytes that are looked at in place of a literal stretch, beside those on both sides. */
const REPLACED_BYTES = 4096;

const BATCH_PIECES = 65_536;

/** Pieces of a segment whose old bytes are in the window at once. */
class Batch {
  readonly kind = new Uint8Array(BATCH_PIECES);
  readonly source = new Uint32Array(BATCH_PIECES);
  readonly windowAt = new Uint32Array(BATCH_PIECES);
  readonly newAt = new Uint32Array(BATCH_PIECES);
  readonly length = new Uint32Array(BATCH_PIECES);
  readonly #order = new Uint32Array(BATCH_PIECES);
  count = 0;

  /** Appends a piece of `length` bytes for `newAt`; `windowAt` is where its old bytes will be. */
  push(kind: number, source: number, windowAt: number, newAt: number, length: number): void {
    this.kind[this.count] = kind;
    this.source[this.count] = source;
    this.windowAt[this.count] = windowAt;
    this.newAt[this.count] = newAt;
    this.length[this.count++] = length;
  }

  /** Pieces that have something to read, by where they read it. */
  readingOrder(): Uint32Array {
    let count = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.windowAt[i] !== 0) this.#order[count++] = i;
    }
    return this.#order.subarray(0, count).sort((a, b) =>
      Number(this.kind[a] === FROM_EARLIER) - Number(this.kind[b] === FROM_EARLIER) ||
      (this.source[a] as number) - (this.source[b] as number)
    );
  }
}

/** What both sides know before a segment is coded. */
export type SegmentContext = Pick<DeltaHead, "oldSize" | "images" | "matches">;

/**
 * Codes segments of the new file from the matches that cover them. The old bytes of a few thousand
 * pieces at a time are gathered into one window, so memory is O(segment) and the inner loops wait for
 * nothing.
 */
export class SegmentCodec {
  readonly #context: SegmentContext;
  readonly #old: ByteSource;
  readonly #earlier: ByteSource;
  readonly #prediction: Prediction;
  readonly #batch = new Batch();
  #window: Buffer32 = buffer(0);
  /** Bytes of the window that are taken. */
  #used = 0;
  #neighbourhood = 0;

  /** Reads the old file from `old`, and what precedes a segment in the new file from `earlier`. */
  constructor(context: SegmentContext, old: ByteSource, earlier: ByteSource) {
    this.#context = context;
    this.#old = old;
    this.#earlier = earlier;
    const pairs = context.images.map((pair, i) => new PairLayout(pair, i));
    this.#prediction = new Prediction(pairs, new AddressMap(context.matches, context.oldSize));
  }

  /** Codes `[start, end)` of the new file; `output` is exactly as long. */
  async code(
    coder: ResidualCoder,
    start: number,
    end: number,
    output: Uint8Array,
  ): Promise<void> {
    const target: Buffer32 = { bytes: output, view: viewOf(output) };
    this.#prediction.reset();
    this.#neighbourhood = coder.neighbourhood;
    this.#reserve(end - start);
    this.#earlier.resize(start);
    let next = this.#context.matches.firstEndingAfter(start);
    for (let position = start; position < end;) {
      ({ next, position } = this.#fill(next, position, start, end));
      await this.#load();
      this.#codeBatch(coder, start, target);
    }
  }

  /** Cuts the segment into pieces from `position` on, where the match at index `next` is or comes; says where to go on. */
  #fill(
    next: number,
    position: number,
    start: number,
    end: number,
  ): { next: number; position: number } {
    const { matches } = this.#context;
    this.#batch.count = 0;
    this.#used = 0;
    while (position < end) {
      const matchAt = next < matches.count ? matches.newAt[next] as number : end;
      const pushed = matchAt > position
        ? this.#pushLiterals(next, position, Math.min(matchAt, end) - position)
        : this.#pushCopy(next, position, start, end);
      if (pushed === 0) break;
      position += pushed;
      const ends = (matches.newAt[next] as number) + (matches.length[next] as number);
      if (next < matches.count && position === ends) next++;
    }
    return { next, position };
  }

  /** A piece of what precedes the match at index `next`. Returns its length, or 0 when the batch is full. */
  #pushLiterals(next: number, position: number, length: number): number {
    const { matches, oldSize } = this.#context;
    const batch = this.#batch;
    if (batch.count === BATCH_PIECES) return 0;
    let goesOn = NOWHERE;
    if (next > 0 && this.#neighbourhood > 0) {
      const ended = (matches.source[next - 1] as number) + (matches.length[next - 1] as number);
      const since = position - (matches.newAt[next - 1] as number) -
        (matches.length[next - 1] as number);
      if (ended <= oldSize && ended + since < oldSize) goesOn = ended + since;
    }
    let windowAt = 0;
    if (goesOn !== NOWHERE) {
      const needed = this.#neighbourBytes(length);
      if (this.#used + needed > this.#window.bytes.length) return 0;
      windowAt = this.#used + this.#neighbourhood;
      this.#used += needed;
    }
    batch.push(LITERAL, goesOn, windowAt, position, length);
    return length;
  }

  /** A piece of the match at index `next`. Returns its length, or 0 when the batch is full. */
  #pushCopy(next: number, position: number, start: number, end: number): number {
    const { matches, oldSize } = this.#context;
    const batch = this.#batch;
    if (batch.count === BATCH_PIECES) return 0;
    const matchAt = matches.newAt[next] as number;
    let source = (matches.source[next] as number) + (position - matchAt);
    let length = Math.min(matchAt + (matches.length[next] as number), end) - position;
    let kind = FROM_OLD;
    if (source >= oldSize) {
      source -= oldSize;
      kind = source < start ? FROM_EARLIER : FROM_SEGMENT;
      if (kind === FROM_EARLIER) length = Math.min(length, start - source);
      else source -= start;
    }
    let windowAt = 0;
    if (kind !== FROM_SEGMENT) {
      const needed = length + 2 * CONTEXT_BYTES;
      if (this.#used + needed > this.#window.bytes.length) return 0;
      windowAt = this.#used + CONTEXT_BYTES;
      this.#used += needed;
    }
    batch.push(kind, source, windowAt, position, length);
    return length;
  }

  /** Old bytes that are read for a literal piece of `length` bytes. */
  #neighbourBytes(length: number): number {
    return Math.min(length, REPLACED_BYTES) + 2 * this.#neighbourhood;
  }

  /** Reads in the order of the source: a hostile delta can't make one page be read for every byte. */
  async #load(): Promise<void> {
    const { kind, source, windowAt, length } = this.#batch;
    for (const i of this.#batch.readingOrder()) {
      const pages = kind[i] === FROM_EARLIER ? this.#earlier : this.#old;
      const literal = kind[i] === LITERAL;
      const around = literal ? this.#neighbourhood : CONTEXT_BYTES;
      const pending = pages.copy(
        (source[i] as number) - around,
        literal
          ? this.#neighbourBytes(length[i] as number)
          : (length[i] as number) + 2 * CONTEXT_BYTES,
        this.#window.bytes,
        (windowAt[i] as number) - around,
      );
      if (pending !== undefined) await pending;
    }
  }

  #codeBatch(coder: ResidualCoder, start: number, output: Buffer32): void {
    const batch = this.#batch;
    for (let i = 0; i < batch.count; i++) {
      const at = batch.newAt[i] as number;
      const length = batch.length[i] as number;
      const source = batch.source[i] as number;
      const windowAt = batch.windowAt[i] as number;
      const kind = batch.kind[i];
      if (kind === LITERAL) {
        coder.literals(output.bytes, at - start, length, this.#neighbours(windowAt, length));
      } else if (kind === FROM_OLD) {
        this.#prediction.match(
          coder,
          this.#window,
          windowAt,
          source,
          output,
          at - start,
          at,
          length,
        );
      } else if (kind === FROM_EARLIER) {
        coder.bytes(this.#window.bytes, windowAt, output.bytes, at - start, length);
      } else {
        coder.bytes(output.bytes, source, output.bytes, at - start, length);
      }
    }
  }

  #neighbours(windowAt: number, length: number): Neighbourhood | undefined {
    if (windowAt === 0) return undefined;
    const start = windowAt - this.#neighbourhood;
    const end = start + this.#neighbourBytes(length);
    return { bytes: this.#window.bytes, start, end, at: windowAt };
  }

  /** A window that holds any one piece of a segment, and many small ones. */
  #reserve(segmentBytes: number): void {
    const needed = Math.max(
      segmentBytes + 2 * CONTEXT_BYTES,
      this.#neighbourBytes(segmentBytes),
    );
    if (this.#window.bytes.length < needed) this.#window = buffer(needed);
  }
}

function buffer(length: number): Buffer32 {
  const bytes = new Uint8Array(length);
  return { bytes, view: viewOf(bytes) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
