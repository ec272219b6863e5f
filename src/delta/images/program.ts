import type { HintTable, ImageTables } from "../image.ts";

/** A table of hinted words in one file; {@linkcode HintTable} pairs two of them. */
export interface ProgramHint extends Omit<HintTable, "oldBase" | "newBase"> {
  readonly base: number;
}

/** What an executable's headers say, for the encoder only. */
export interface Program {
  readonly tables: ImageTables;
  readonly hints: readonly ProgramHint[];
  /** File range of the table of `Elf64_Rela` records, if there is one. */
  readonly relocations: { readonly start: number; readonly end: number } | undefined;
}

/** Little-endian reads that answer 0 outside the file: a broken executable is modelled badly, no more. */
export class HeaderView {
  readonly #view: DataView;

  /** Reads headers of `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** 16 bits at `offset`. */
  u16(offset: number): number {
    return offset >= 0 && offset + 2 <= this.#view.byteLength
      ? this.#view.getUint16(offset, true)
      : 0;
  }

  /** 32 bits at `offset`. */
  u32(offset: number): number {
    return offset >= 0 && offset + 4 <= this.#view.byteLength
      ? this.#view.getUint32(offset, true)
      : 0;
  }

  /** 64 bits at `offset`, rounded when over 2^53. */
  u64(offset: number): number {
    return this.u32(offset) + this.u32(offset + 4) * 2 ** 32;
  }
}
