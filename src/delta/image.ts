/**
 * What the codec knows of a program image: where its bytes are loaded, which of them are code, and
 * which tables hold offsets in a form of their own. The encoder learns it from ELF, PE and Mach-O
 * headers (src/delta/images/); the decoder is told, and parses no format.
 *
 * @module
 */

/** Instruction sets whose references are modelled, by their number in the format. */
export const ARCHITECTURES = ["x86-64", "arm64", "wasm"] as const;

/** An instruction set whose references are modelled. */
export type Architecture = typeof ARCHITECTURES[number];

/** A half-open range of file offsets or addresses. */
export interface Range {
  /** First in the range. */
  readonly start: number;
  /** First after it. */
  readonly end: number;
}

/** `fileSize` bytes at `offset` of the file are loaded at `address`, where `memorySize` are taken. */
export interface LoadSegment {
  /** Offset in the file. */
  readonly offset: number;
  /** Address of the first byte. */
  readonly address: number;
  /** Bytes loaded from the file; the rest of the memory is zero. */
  readonly fileSize: number;
  /** Bytes in memory. */
  readonly memorySize: number;
}

/** One image within a file. Offsets count from the start of the file, not of the image. */
export interface ImageTables {
  /** Instruction set of the code. */
  readonly architecture: Architecture;
  /** The image's bytes. */
  readonly extent: Range;
  /** What absolute pointers add to an address; addresses here are relative to it and under 2^32. */
  readonly base: number;
  /** Sorted by offset, apart in the file. */
  readonly segments: readonly LoadSegment[];
  /** File ranges of instructions, sorted, apart. */
  readonly executable: readonly Range[];
  /** Addresses that calls and jumps may reach. */
  readonly code: Range;
}

/** How the words of a hint table point: `file` offsets from a base, or `address`es relative to one. */
export const HINT_MODES = ["file", "address"] as const;

/**
 * A table of records whose 32-bit words at some places are offsets from a base: symbol names in a
 * string table, the search table of `.eh_frame_hdr`.
 */
export interface HintTable {
  /** How its words point. */
  readonly mode: (typeof HINT_MODES)[number];
  /** File range in the old file. */
  readonly range: Range;
  /** Length of a record in bytes, a multiple of 4. */
  readonly stride: number;
  /** Bit `i` is set when the word at `4 i` of a record is an offset. */
  readonly lanes: number;
  /** What the offsets count from in the old file. */
  readonly oldBase: number;
  /** What they count from in the new file. */
  readonly newBase: number;
}

/** The same program in both files. */
export interface ImagePair {
  /** The image in the old file. */
  readonly old: ImageTables;
  /** The image in the new file. */
  readonly new: ImageTables;
  /** Tables that both have. */
  readonly hints: readonly HintTable[];
}

/** Looks addresses up in one image. The last hit is kept: references cluster. */
export class ImageLayout {
  readonly tables: ImageTables;
  readonly lowest: number;
  readonly highest: number;
  readonly #segments: readonly LoadSegment[];
  #recent: LoadSegment;

  /** Prepares look-ups in `tables`, which has at least one segment. */
  constructor(tables: ImageTables) {
    this.tables = tables;
    this.#segments = tables.segments;
    this.#recent = tables.segments[0] as LoadSegment;
    this.lowest = Math.min(...tables.segments.map(({ address }) => address));
    this.highest = Math.max(...tables.segments.map((s) => s.address + s.memorySize));
  }

  /** The load segment that holds the file's byte at `offset`. */
  segmentOfOffset(offset: number): LoadSegment | undefined {
    for (const segment of this.#segments) {
      if (offset >= segment.offset && offset < segment.offset + segment.fileSize) return segment;
    }
    return undefined;
  }

  /** The address at which the byte at `offset` is loaded, or -1. */
  addressOf(offset: number): number {
    let segment: LoadSegment | undefined = this.#recent;
    if (offset < segment.offset || offset >= segment.offset + segment.fileSize) {
      segment = this.segmentOfOffset(offset);
      if (segment === undefined) return -1;
      this.#recent = segment;
    }
    return offset - segment.offset + segment.address;
  }

  /** The file offset of the byte loaded at `address`, or -1 when there is none. */
  offsetOf(address: number): number {
    for (const segment of this.#segments) {
      if (address >= segment.address && address < segment.address + segment.fileSize) {
        return address - segment.address + segment.offset;
      }
    }
    return -1;
  }

  /** True when `address` lies in a load segment, loaded from the file or not. */
  holds(address: number): boolean {
    if (address < this.lowest || address >= this.highest) return false;
    for (const segment of this.#segments) {
      if (address >= segment.address && address < segment.address + segment.memorySize) return true;
    }
    return false;
  }

  /** True when a call or jump may reach `address`. */
  isCode(address: number): boolean {
    return address >= this.tables.code.start && address < this.tables.code.end;
  }
}
