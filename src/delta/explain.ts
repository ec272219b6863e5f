import { ByteReader } from "../bytes/mod.ts";
import { loadZstd } from "../codec/mod.ts";
import { openSegment } from "./decoder.ts";
import { describeDelta } from "./describe.ts";
import { type DeltaHead, STREAM_NAMES, type StreamName } from "./head.ts";
import type { Range } from "./image.ts";
import { skipStream } from "./packed_stream.ts";
import type { RandomAccess } from "./random_access.ts";
import { MemoryAccess } from "./random_access.ts";
import type { ResidualCoder } from "./residual_coder.ts";
import type { ResidualDecoder } from "./residual_decoder.ts";
import { SegmentCodec } from "./segment_codec.ts";

/** A named stretch of the new file: a file of a release, a section of a program. */
export interface DeltaPart extends Range {
  readonly name: string;
}

/** What a part costs. Stored bytes are shared out by what each part reads of the unpacked streams. */
export interface PartCost {
  readonly name: string;
  readonly newBytes: number;
  /** Stored bytes, of all streams and of matches. */
  readonly total: number;
  readonly streams: Readonly<Record<StreamName, number>>;
  readonly matches: number;
}

/** The parts of a delta's images, when the caller knows no better: code and other content of each. */
export function imageParts({ images, newSize }: DeltaHead): DeltaPart[] {
  const parts: DeltaPart[] = [];
  let at = 0;
  const upTo = (end: number, name: string): void => {
    if (end > at) parts.push({ name, start: at, end });
    at = Math.max(at, end);
  };
  const sorted = images.map((pair) => pair.new).sort((a, b) => a.extent.start - b.extent.start);
  for (const [i, { extent, executable }] of sorted.entries()) {
    const suffix = sorted.length > 1 ? ` ${i + 1}` : "";
    upTo(extent.start, "other");
    for (const { start, end } of [...executable].sort((a, b) => a.start - b.start)) {
      upTo(start, `data${suffix}`);
      upTo(end, `code${suffix}`);
    }
    upTo(extent.end, `data${suffix}`);
  }
  upTo(newSize, "other");
  return parts;
}

/**
 * Says which parts of the new file a delta's bytes go to, by decoding it against the old one. Parts
 * of the same name are summed; what lies in no part is called "other". The greatest cost comes first.
 *
 * @param parts sorted, apart
 * @throws {BrecciaError} `delta-malformed`, `delta-mismatch`.
 */
export async function explainDelta(
  delta: Uint8Array,
  base: RandomAccess,
  parts?: readonly DeltaPart[],
): Promise<PartCost[]> {
  const zstd = await loadZstd();
  const { head, matchBytes } = await describeDelta(delta);
  const ledger = new Ledger(parts ?? imageParts(head), head.newSize);
  const output = new Uint8Array(head.newSize);
  const codec = new SegmentCodec(head, base, new MemoryAccess(output));
  for (const [i, { start, end, storedStart, storedEnd }] of head.segments.entries()) {
    const stored = delta.subarray(storedStart, storedEnd);
    const decoder = openSegment(stored, i, end - start, zstd);
    const meter = new Meter(decoder, ledger, start);
    await codec.code(meter, start, end, output.subarray(start, end));
    meter.settle(streamSizes(stored, i));
    decoder.finish();
  }
  for (let i = 0; i < head.matches.count; i++) ledger.match(head.matches.newAt[i] as number);
  return ledger.costs(matchBytes / Math.max(1, head.matches.count));
}

function streamSizes(stored: Uint8Array, index: number): number[] {
  const from = new ByteReader(stored, `delta's segment ${index}`, "delta-malformed");
  return STREAM_NAMES.map(() => skipStream(from));
}

/** Sums costs by part. */
class Ledger {
  readonly #parts: readonly DeltaPart[];
  readonly #names: readonly string[];
  readonly #costs: Map<string, { newBytes: number; streams: number[]; matches: number }>;

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

  endOf(part: number): number {
    return this.#parts[part]?.end ?? Infinity;
  }

  get partCount(): number {
    return this.#parts.length;
  }

  add(part: number, stream: number, bytes: number): void {
    this.#costs.get(this.#names[part] as string)!.streams[stream]! += bytes;
  }

  match(offset: number): void {
    this.#costs.get(this.#names[this.partAt(offset)] as string)!.matches++;
  }

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
class Meter implements ResidualCoder {
  readonly #decoder: ResidualDecoder;
  readonly #ledger: Ledger;
  readonly #start: number;
  /** Unpacked bytes by part and stream. */
  readonly #read: Float64Array;
  #before: number[] = [0, 0, 0, 0, 0];

  constructor(decoder: ResidualDecoder, ledger: Ledger, start: number) {
    this.#decoder = decoder;
    this.#ledger = ledger;
    this.#start = start;
    this.#read = new Float64Array(5 * ledger.partCount);
  }

  /** Shares out the segment's stored bytes. A stream of which nothing is read costs the first part. */
  settle(stored: readonly number[]): void {
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

  literals(output: Uint8Array, at: number, count: number): void {
    this.#each(at, count, (from, n) => this.#decoder.literals(output, at + from, n));
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
