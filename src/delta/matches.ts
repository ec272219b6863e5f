import type { ByteReader, ByteWriter } from "../bytes/mod.ts";
import { DELTA_LIMITS } from "../limits.ts";

/**
 * Which stretches of the new file resemble which stretches of the old one: parallel arrays in new
 * order, without overlaps in the new file. A source offset at or past the old file's size means a copy from the
 * new file itself, `source - oldSize` bytes from its start.
 */
export class Matches {
  /** Offsets in the new file. */
  newAt: Uint32Array;
  /** Where each copies from. */
  source: Uint32Array;
  /** Lengths in bytes. */
  length: Uint32Array;
  /** How many there are; the arrays have room for more. */
  count = 0;

  /** Room for `capacity` matches at first. */
  constructor(capacity: number) {
    this.newAt = new Uint32Array(capacity);
    this.source = new Uint32Array(capacity);
    this.length = new Uint32Array(capacity);
  }

  /** Appends a match. */
  push(newAt: number, source: number, length: number): void {
    if (this.count === this.newAt.length) {
      this.newAt = doubled(this.newAt);
      this.source = doubled(this.source);
      this.length = doubled(this.length);
    }
    this.newAt[this.count] = newAt;
    this.source[this.count] = source;
    this.length[this.count++] = length;
  }

  /** Index of the first match that ends after `offset` of the new file. */
  firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at(this.newAt, middle) + at(this.length, middle) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Writers of the three control streams. */
export interface ControlWriters {
  readonly gap: ByteWriter;
  readonly length: ByteWriter;
  readonly jump: ByteWriter;
}

/** Writes the control streams (docs/formats/delta.md, "Matches"). */
export function writeMatches(matches: Matches, to: ControlWriters): void {
  let end = 0;
  let alignment = 0;
  for (let i = 0; i < matches.count; i++) {
    const newAt = at(matches.newAt, i);
    const length = at(matches.length, i);
    const newAlignment = at(matches.source, i) - newAt;
    const jump = newAlignment - alignment;
    to.gap.varint(newAt - end);
    to.length.varint(length);
    to.jump.varint(jump < 0 ? -2 * jump - 1 : 2 * jump);
    end = newAt + length;
    alignment = newAlignment;
  }
}

/** Readers of the three control streams. */
export interface ControlReaders {
  readonly gap: ByteReader;
  readonly length: ByteReader;
  readonly jump: ByteReader;
}

/**
 * Reads `count` matches and checks each: inside both files, in order, not astride the old file's end,
 * and copying from the new file only what precedes it.
 *
 * @throws {BrecciaError} the readers' error.
 */
export function readMatches(
  count: number,
  from: ControlReaders,
  oldSize: number,
  newSize: number,
): Matches {
  const matches = new Matches(count);
  let end = 0;
  let alignment = 0;
  for (let i = 0; i < count; i++) {
    const newAt = end + from.gap.varint(newSize - end);
    const length = from.length.varint(newSize - newAt);
    if (length === 0) from.length.fail("a match is empty");
    const zigzag = from.jump.varint(8 * DELTA_LIMITS.sideBytes);
    alignment += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    const source = newAt + alignment;
    const fits = source < oldSize
      ? source >= 0 && source + length <= oldSize
      : source - oldSize < newAt;
    if (!fits) from.jump.fail("a match copies from outside the files");
    matches.push(newAt, source, length);
    end = newAt + length;
  }
  from.gap.end();
  from.length.end();
  from.jump.end();
  return matches;
}

function doubled(array: Uint32Array): Uint32Array {
  const grown = new Uint32Array(Math.max(1024, 2 * array.length));
  grown.set(array);
  return grown;
}

function at(array: Uint32Array, index: number): number {
  return array[index] as number;
}
