import { AddressMap } from "./address_map.ts";
import type { DeltaHead } from "./head.ts";
import { PageCache } from "./page_cache.ts";
import { PairLayout } from "./pair_layout.ts";
import { Prediction } from "./prediction.ts";
import type { RandomAccess } from "./random_access.ts";
import type { ResidualCoder } from "./residual_coder.ts";
import { type Buffer32, CONTEXT_BYTES } from "./stretch.ts";

/** Where a piece of a match copies from. */
const FROM_OLD = 0;
const FROM_EARLIER = 1;
const FROM_SEGMENT = 2;

const BATCH_PIECES = 65_536;

/** Pieces of matches whose old bytes are in the window at once. */
class Batch {
  readonly kind = new Uint8Array(BATCH_PIECES);
  readonly source = new Uint32Array(BATCH_PIECES);
  readonly windowAt = new Uint32Array(BATCH_PIECES);
  readonly newAt = new Uint32Array(BATCH_PIECES);
  readonly length = new Uint32Array(BATCH_PIECES);
  readonly #order = new Uint32Array(BATCH_PIECES);
  count = 0;

  /** Pieces from outside the segment, by where they are read. */
  readingOrder(): Uint32Array {
    let count = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.kind[i] !== FROM_SEGMENT) this.#order[count++] = i;
    }
    return this.#order.subarray(0, count).sort((a, b) =>
      (this.kind[a] as number) - (this.kind[b] as number) ||
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
  readonly #old: PageCache;
  readonly #earlier: PageCache;
  readonly #prediction: Prediction;
  readonly #batch = new Batch();
  #window: Buffer32 = buffer(0);

  /** Reads the old file from `old`, and what precedes a segment in the new file from `earlier`. */
  constructor(context: SegmentContext, old: RandomAccess, earlier: RandomAccess) {
    this.#context = context;
    this.#old = new PageCache(old, context.oldSize, "installed release");
    this.#earlier = new PageCache(earlier, 0, "part already decoded");
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
    this.#reserve(end - start);
    this.#earlier.resize(start);
    const { matches } = this.#context;
    let next = matches.firstEndingAfter(start);
    let position = start;
    while (next < matches.count && (matches.newAt[next] as number) < end) {
      next = this.#fill(next, position, start, end);
      await this.#load();
      position = this.#codeBatch(coder, position, start, target);
    }
    coder.literals(output, position - start, end - position);
  }

  /** Cuts matches into pieces, from the one at index `next` on; returns where to go on. */
  #fill(next: number, position: number, start: number, end: number): number {
    const { matches, oldSize } = this.#context;
    const batch = this.#batch;
    batch.count = 0;
    let used = 0;
    while (next < matches.count && batch.count < BATCH_PIECES) {
      const matchAt = matches.newAt[next] as number;
      if (matchAt >= end) break;
      const at = Math.max(matchAt, position);
      let source = (matches.source[next] as number) + (at - matchAt);
      let length = Math.min(matchAt + (matches.length[next] as number), end) - at;
      const last = at + length;
      let kind = FROM_OLD;
      if (source >= oldSize) {
        source -= oldSize;
        kind = source < start ? FROM_EARLIER : FROM_SEGMENT;
        if (kind === FROM_EARLIER) length = Math.min(length, start - source);
        else source -= start;
      }
      if (kind !== FROM_SEGMENT) {
        const needed = length + 2 * CONTEXT_BYTES;
        if (used + needed > this.#window.bytes.length) break;
        batch.windowAt[batch.count] = used + CONTEXT_BYTES;
        used += needed;
      }
      batch.kind[batch.count] = kind;
      batch.source[batch.count] = source;
      batch.newAt[batch.count] = at;
      batch.length[batch.count++] = length;
      position = at + length;
      if (position === last) next++;
    }
    return next;
  }

  /** Reads in the order of the source: a hostile delta can't make one page be read for every byte. */
  async #load(): Promise<void> {
    const { kind, source, windowAt, length } = this.#batch;
    for (const i of this.#batch.readingOrder()) {
      const pages = kind[i] === FROM_OLD ? this.#old : this.#earlier;
      const pending = pages.copy(
        (source[i] as number) - CONTEXT_BYTES,
        (length[i] as number) + 2 * CONTEXT_BYTES,
        this.#window.bytes,
        (windowAt[i] as number) - CONTEXT_BYTES,
      );
      if (pending !== undefined) await pending;
    }
  }

  #codeBatch(coder: ResidualCoder, position: number, start: number, output: Buffer32): number {
    const batch = this.#batch;
    for (let i = 0; i < batch.count; i++) {
      const at = batch.newAt[i] as number;
      const length = batch.length[i] as number;
      const source = batch.source[i] as number;
      const windowAt = batch.windowAt[i] as number;
      if (position < at) coder.literals(output.bytes, position - start, at - position);
      if (batch.kind[i] === FROM_OLD) {
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
      } else if (batch.kind[i] === FROM_EARLIER) {
        coder.bytes(this.#window.bytes, windowAt, output.bytes, at - start, length);
      } else {
        coder.bytes(output.bytes, source, output.bytes, at - start, length);
      }
      position = at + length;
    }
    return position;
  }

  /** A window that holds any one piece of a segment, and many small ones. */
  #reserve(segmentBytes: number): void {
    const needed = segmentBytes + 2 * CONTEXT_BYTES;
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
