import type { LoadSegment, Range } from "../image.ts";
import { HeaderView, type Program } from "./program.ts";
import { fittingTables } from "./tables.ts";

const CODE_SECTION = 10;
const DATA_SECTION = 11;
const I32_CONST = 0x41;
const END = 0x0b;

/** Reads the tables of a WebAssembly module (core specification, binary format) that fills `extent`. */
export function readWasm(bytes: Uint8Array, extent: Range): Program | undefined {
  const file = new HeaderView(bytes);
  if (file.u32(extent.start) !== 0x6d736100 || file.u32(extent.start + 4) !== 1) return undefined;
  const executable: Range[] = [];
  // A module without data still needs one segment: it stands for memory that no byte is loaded to.
  const segments: LoadSegment[] = [];
  const cursor = new LebCursor(bytes, extent.start + 8, extent.end);
  while (cursor.at < extent.end) {
    const section = cursor.byte();
    const length = cursor.number();
    const start = cursor.at;
    if (section === CODE_SECTION) executable.push({ start, end: start + length });
    if (section === DATA_SECTION) segments.push(...dataSegments(cursor, start + length));
    cursor.at = start + length;
  }
  if (segments.length === 0) {
    segments.push({ offset: extent.start, address: 0, fileSize: 0, memorySize: 1 });
  }
  const tables = fittingTables({
    architecture: "wasm",
    extent,
    base: 0,
    segments,
    executable,
    codeAddresses: [{ start: 0, end: 0 }],
  });
  return tables && { tables, hints: [], relocations: undefined };
}

/** Active segments with a constant address in the first memory; the first other one ends the list. */
function dataSegments(cursor: LebCursor, end: number): LoadSegment[] {
  const segments: LoadSegment[] = [];
  for (let left = cursor.number(); left > 0 && cursor.at < end; left--) {
    if (cursor.number() !== 0 || cursor.byte() !== I32_CONST) break;
    const address = cursor.number();
    if (cursor.byte() !== END) break;
    const size = cursor.number();
    segments.push({ offset: cursor.at, address, fileSize: size, memorySize: size });
    cursor.at += size;
  }
  return segments;
}

/** Reads bytes and LEB128 numbers; past the end everything is 0. */
class LebCursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  byte(): number {
    return this.at < this.#end ? this.#bytes[this.at++] as number : (this.at++, 0);
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  }
}
