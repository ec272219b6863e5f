import type { DeltaPart, PartCost } from "./part_cost.ts";
import type { Neighbourhood, ResidualCoder, SegmentDecoder } from "./residual_coder.ts";

/** Sums costs by part. */
export class CostLedger {
  readonly #parts: readonly DeltaPart[];
  readonly #names: readonly string[];
  readonly #costs: Map<string, { newBytes: number; streams: number[]; matches: number }>;

  /** Takes parts, sorted and apart, of a file of `newSize` bytes; what lies between is "other". */
  constructor(parts: readonly DeltaPart[], newSize: number) {
    const whole: DeltaPart[] = [];
    let at = 0;
    for (const part of [...parts, { name: "", start: newSize, end: newSize }]) {
      if (part.start > at) whole.push({ name: "other", start: at, end: part.start });
      if (part.end > part.start) whole.push(part);
      at = part.end;
    }
    this.#parts = whole;
    this.#names = whole.map(({ name }) => name);
    this.#costs = new Map();
    for (const { name, start, end } of whole) {
      const cost = this.#costs.get(name) ?? { newBytes: 0, streams: [0, 0, 0, 0, 0], matches: 0 };
      cost.newBytes += end - start;
      this.#costs.set(name, cost);
    }
  }

  /** Index of the part at `offset`. */
  partAt(offset: number): number {
    let low = 0;
    let high = this.#parts.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#parts[middle] as DeltaPart).end > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** First offset after a part. */
  endOf(part: number): number {
    return this.#parts[part]?.end ?? Infinity;
  }

  /** How many parts there are, "other" ones included. */
  get partCount(): number {
    return this.#parts.length;
  }

  /** Charges stored bytes of a stream to a part. */
  add(part: number, stream: number, bytes: number): void {
    this.#costs.get(this.#names[part] as string)!.streams[stream]! += bytes;
  }

  /** Charges a match that begins at `offset`. */
  match(offset: number): void {
    this.#costs.get(this.#names[this.partAt(offset)] as string)!.matches++;
  }

  /** The sums by name, the greatest first. */
  costs(bytesPerMatch: number): PartCost[] {
    const all = [...this.#costs].map(([name, { newBytes, streams, matches }]): PartCost => {
      const matchBytes = matches * bytesPerMatch;
      const total = streams.reduce((sum, bytes) => sum + bytes, matchBytes);
      const [run, byte, reference, word, literal] = streams as [
        number,
        number,
        number,
        number,
        number,
      ];
      return {
        name,
        newBytes,
        total,
        streams: { run, byte, reference, word, literal },
        matches: matchBytes,
      };
    });
    return all.sort((a, b) => b.total - a.total);
  }
}

/** Decodes, and notes how much of each stream every part reads. */
export class CostMeter implements ResidualCoder {
  readonly neighbourhood: number;
  readonly #decoder: SegmentDecoder;
  readonly #ledger: CostLedger;
  readonly #start: number;
  /** Unpacked bytes by part and stream. */
  readonly #read: Float64Array;
  #before: readonly number[] = [0, 0, 0, 0, 0];

  /** Meters `decoder` on a segment that begins at `start` of the new file. */
  constructor(decoder: SegmentDecoder, ledger: CostLedger, start: number) {
    this.#decoder = decoder;
    this.neighbourhood = decoder.neighbourhood;
    this.#ledger = ledger;
    this.#start = start;
    this.#read = new Float64Array(5 * ledger.partCount);
  }

  /**
   * Shares out the segment's stored bytes. A stream of which nothing is read costs the first part.
   *
   * @param streams stored bytes of each stream
   * @param mixed stored bytes of all streams but the literals together, when they can't be told apart
   */
  settle(streams: readonly number[], mixed: number): void {
    const stored = mixed === 0 ? streams : this.#before.with(4, streams[4] as number);
    for (let stream = 0; stream < 5; stream++) {
      let sum = 0;
      for (let i = stream; i < this.#read.length; i += 5) sum += this.#read[i] as number;
      if (sum === 0) this.#ledger.add(this.#ledger.partAt(this.#start), stream, stored[stream]!);
      for (let part = 0; sum > 0 && part < this.#ledger.partCount; part++) {
        const share = (this.#read[5 * part + stream] as number) / sum;
        this.#ledger.add(part, stream, share * stored[stream]!);
      }
    }
  }

  literals(output: Uint8Array, at: number, count: number, near?: Neighbourhood): void {
    if (this.neighbourhood === 0) {
      this.#each(at, count, (from, n) => this.#decoder.literals(output, at + from, n));
    } else {
      // Its model looks at a stretch as a whole, which costs the part that it begins in.
      this.#decoder.literals(output, at, count, near);
      this.#note(this.#ledger.partAt(this.#start + at));
    }
  }

  bytes(guess: Uint8Array, from: number, output: Uint8Array, at: number, count: number): void {
    this.#each(at, count, (i, n) => this.#decoder.bytes(guess, from + i, output, at + i, n));
  }

  reference(guess: number, output: DataView, at: number): number {
    const actual = this.#decoder.reference(guess, output, at);
    this.#note(this.#ledger.partAt(this.#start + at));
    return actual;
  }

  operand(guess: Uint8Array, output: Uint8Array, at: number): boolean {
    const right = this.#decoder.operand(guess, output, at);
    this.#note(this.#ledger.partAt(this.#start + at));
    return right;
  }

  word(guess: number, output: DataView, at: number): number {
    const actual = this.#decoder.word(guess, output, at);
    this.#note(this.#ledger.partAt(this.#start + at));
    return actual;
  }

  /** Cuts `count` bytes at `at` of the segment where parts end. */
  #each(at: number, count: number, code: (from: number, count: number) => void): void {
    for (let done = 0; done < count;) {
      const part = this.#ledger.partAt(this.#start + at + done);
      const length = Math.min(count - done, this.#ledger.endOf(part) - this.#start - at - done);
      code(done, length);
      this.#note(part);
      done += length;
    }
  }

  #note(part: number): void {
    const now = this.#decoder.consumed();
    for (let i = 0; i < 5; i++) this.#read[5 * part + i]! += now[i]! - this.#before[i]!;
    this.#before = now;
  }
}
