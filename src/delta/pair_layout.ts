import { type Architecture, type HintTable, ImageLayout, type ImagePair } from "./image.ts";

/** How a stretch of an old image is predicted. */
export interface Region {
  /** First offset after the stretch. */
  readonly end: number;
  readonly executable: boolean;
  /** The executable range around it; empty when there is none. */
  readonly codeStart: number;
  readonly codeEnd: number;
  /** Address minus offset, or `undefined` where nothing is loaded. */
  readonly delta: number | undefined;
  readonly hint: HintTable | undefined;
}

/** An image pair prepared for prediction. */
export class PairLayout {
  readonly old: ImageLayout;
  readonly new: ImageLayout;
  readonly architecture: Architecture;
  /** Keeps apart what is learnt of different images of one archive. 0 for the first. */
  readonly salt: number;
  readonly #starts: number[];
  readonly #regions: Region[];

  /** Prepares the `index`th pair. */
  constructor(pair: ImagePair, index: number) {
    this.old = new ImageLayout(pair.old);
    this.new = new ImageLayout(pair.new);
    this.architecture = pair.old.architecture;
    this.salt = Math.imul(index, 0x85ebca6b) >>> 0;
    const cuts = new Set<number>([pair.old.extent.start]);
    const within = (offset: number): void => {
      if (offset > pair.old.extent.start && offset < pair.old.extent.end) cuts.add(offset);
    };
    for (const { start, end } of pair.old.executable) [start + 2, end - 3].forEach(within);
    for (const { offset, fileSize } of pair.old.segments) {
      [offset, offset + fileSize].forEach(within);
    }
    for (const { range } of pair.hints) [range.start, range.end].forEach(within);
    this.#starts = [...cuts].sort((a, b) => a - b);
    this.#regions = this.#starts.map((start, i) => {
      const segment = this.old.segmentOfOffset(start);
      const code = pair.old.executable.find((r) => start >= r.start + 2 && start < r.end - 3);
      return {
        end: this.#starts[i + 1] ?? pair.old.extent.end,
        executable: code !== undefined,
        codeStart: code?.start ?? 0,
        codeEnd: code?.end ?? 0,
        delta: segment === undefined ? undefined : segment.address - segment.offset,
        hint: pair.hints.find(({ range }) => start >= range.start && start < range.end),
      };
    });
  }

  /** The region of the old image that holds `offset`. */
  regionAt(offset: number): Region {
    let low = 1;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#regions[low - 1] as Region;
  }
}

/** Finds the image pair of an offset. */
export class PairFinder {
  readonly #pairs: readonly PairLayout[];
  readonly #side: "old" | "new";
  readonly #order: number[];

  /** Looks offsets of the old or the new file up. */
  constructor(pairs: readonly PairLayout[], side: "old" | "new") {
    this.#pairs = pairs;
    this.#side = side;
    this.#order = pairs.map((_, i) => i).sort((a, b) =>
      this.#extent(a).start - this.#extent(b).start
    );
  }

  /** The pair whose image holds `offset` or begins after it, in file order; `undefined` after the last. */
  atOrAfter(offset: number): PairLayout | undefined {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#extent(this.#order[middle] as number).end > offset) high = middle;
      else low = middle + 1;
    }
    return this.#pairs[this.#order[low] ?? -1];
  }

  #extent(index: number): { start: number; end: number } {
    return (this.#pairs[index] as PairLayout)[this.#side].tables.extent;
  }
}
