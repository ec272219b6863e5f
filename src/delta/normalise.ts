import { Arm64Reference } from "./arm64_reference.ts";
import { ImageLayout, type Range } from "./image.ts";
import type { Program } from "./images/program.ts";
import { WasmOperand } from "./wasm_operand.ts";
import { X86_BRANCH, X86_LEADS, x86Reference } from "./x86_reference.ts";

/** Stands for what is not loaded from the file: all of it looks alike. */
const UNLOADED_ID = 0x51;
const ELF_RELATIVE = 8;
const RELOCATION_BYTES = 24;

/**
 * Rewrites a copy of an image for matching only: what moves with every build (references, pointers,
 * relocations, symbol names) is replaced by the identity of what it points at, or by zero. Two builds of the
 * same program then have long stretches in common. `copy` holds the same bytes as `file` at first.
 */
export function normaliseImage(file: Uint8Array, copy: Uint8Array, program: Program): void {
  new Normaliser(file, copy, program).run();
}

class Normaliser {
  readonly #file: Uint8Array;
  readonly #copy: Uint8Array;
  readonly #program: Program;
  readonly #layout: ImageLayout;
  readonly #original: DataView;
  readonly #view: DataView;

  constructor(file: Uint8Array, copy: Uint8Array, program: Program) {
    this.#file = file;
    this.#copy = copy;
    this.#program = program;
    this.#layout = new ImageLayout(program.tables);
    this.#original = new DataView(file.buffer, file.byteOffset, file.byteLength);
    this.#view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  }

  run(): void {
    const { architecture, executable } = this.#program.tables;
    for (const range of executable) {
      if (architecture === "x86-64") this.#x86(range);
      else if (architecture === "arm64") this.#arm64(range);
      else this.#wasm(range);
    }
    this.#pointers();
    this.#relocations();
    this.#hints();
  }

  #x86(range: Range): void {
    const file = this.#file;
    const layout = this.#layout;
    const delta = layout.addressOf(range.start) - range.start;
    for (let at = range.start + 2; at < range.end - 4;) {
      if (X86_LEADS[file[at - 1] as number] === 1) {
        const kind = x86Reference(file, at);
        if (kind !== 0) {
          const target = at + 4 + delta + this.#original.getInt32(at, true);
          if (kind === X86_BRANCH ? layout.isCode(target) : layout.holds(target)) {
            this.#view.setUint32(at, 0);
            at += 4;
            continue;
          }
        }
      }
      at++;
    }
  }

  #arm64(range: Range): void {
    const reference = new Arm64Reference();
    const delta = this.#layout.addressOf(range.start) - range.start;
    for (let at = (range.start + 3) & ~3; at + 4 <= range.end; at += 4) {
      const address = at + delta;
      if (!reference.read(this.#original, at, address, at - range.start, range.end - at)) continue;
      this.#view.setInt32(at, reference.blank(this.#original.getInt32(at, true)), true);
    }
  }

  #wasm(range: Range): void {
    const operand = new WasmOperand();
    for (let at = range.start + 2; at < range.end - 4; at++) {
      if (!operand.read(this.#file, at, range.end - at)) continue;
      this.#copy.fill(0, at, at + operand.length);
      at += operand.length - 1;
    }
  }

  /** Pointers in data become the identity of what they point at. */
  #pointers(): void {
    const { base, segments } = this.#program.tables;
    const layout = this.#layout;
    const low = base >>> 0;
    const high = Math.floor(base / 2 ** 32);
    for (const { offset, fileSize } of segments) {
      for (const { start, end } of this.#dataRanges({ start: offset, end: offset + fileSize })) {
        for (let at = (start + 7) & ~7; at + 8 <= end; at += 8) {
          if (this.#original.getUint32(at + 4, true) !== high) continue;
          const target = this.#original.getUint32(at, true) - low;
          if (target >= layout.lowest + 0x1000 && layout.holds(target)) {
            this.#view.setUint32(at, this.#identity(target), true);
          }
        }
      }
    }
  }

  /** The part of `range` that is not executable. */
  #dataRanges(range: Range): Range[] {
    const ranges: Range[] = [];
    let start = range.start;
    for (const code of this.#program.tables.executable) {
      if (code.end <= start || code.start >= range.end) continue;
      if (code.start > start) ranges.push({ start, end: code.start });
      start = code.end;
    }
    if (start < range.end) ranges.push({ start, end: range.end });
    return ranges;
  }

  /** Relocated slots hold nothing in the file: the records say what they will point at. */
  #relocations(): void {
    const { relocations } = this.#program;
    if (relocations === undefined) return;
    for (
      let at = relocations.start;
      at + RELOCATION_BYTES <= relocations.end;
      at += RELOCATION_BYTES
    ) {
      const slot = this.#layout.offsetOf(this.#original.getUint32(at, true));
      if (
        this.#original.getUint32(at + 4, true) !== 0 || slot < 0 || slot + 8 > this.#copy.length
      ) {
        continue;
      }
      const type = this.#original.getUint32(at + 8, true);
      const symbol = this.#original.getUint32(at + 12, true);
      const relative = type === ELF_RELATIVE;
      const identity = relative
        ? this.#identity(this.#original.getUint32(at + 16, true))
        : (Math.imul(type ^ Math.imul(symbol, 0x85ebca6b), 0x9e3779b1) | 1) >>> 0;
      this.#setWide(slot, identity);
      if (relative) this.#setWide(at + 16, identity);
      this.#view.setUint32(at, 0);
    }
  }

  #hints(): void {
    for (const { mode, range, stride, base } of this.#program.hints) {
      for (let at = range.start; at + stride <= range.end; at += stride) {
        if (mode === "file") {
          this.#view.setUint32(
            at,
            this.#nameIdentity(base + this.#original.getUint32(at, true)),
            true,
          );
          this.#view.setUint32(at + 8, 0);
        } else {
          this.#view.setUint32(at, this.#identity(base + this.#original.getInt32(at, true)), true);
          this.#view.setUint32(at + 4, 0x33);
        }
      }
    }
  }

  #setWide(at: number, identity: number): void {
    this.#view.setUint32(at, identity, true);
    this.#view.setUint32(at + 4, Math.imul(identity, 0x85ebca6b), true);
  }

  /** A hash of what lies at `address`: 24 bytes of normalised code, or 16 of data without pointers. */
  #identity(address: number): number {
    const at = this.#layout.offsetOf(address);
    if (at < 0) return UNLOADED_ID;
    let hash = 0x1234567;
    if (this.#program.tables.executable.some(({ start, end }) => at >= start && at < end)) {
      const end = Math.min(at + 24, this.#copy.length - 3);
      for (let i = at; i < end; i += 4) hash = mix(hash, this.#view.getInt32(i, true));
    } else {
      const end = Math.min(at + 16, this.#copy.length - 3);
      for (let i = at; i < end; i += 4) {
        const word = this.#original.getUint32(i, true);
        const pointer = word >= this.#layout.lowest + 0x1000 && this.#layout.holds(word);
        hash = mix(hash, pointer ? 0 : word);
      }
    }
    return (hash | 1) >>> 0;
  }

  #nameIdentity(at: number): number {
    let hash = 7;
    const end = Math.min(at + 200, this.#file.length);
    for (let i = at; i < end && this.#file[i] !== 0; i++) {
      hash = Math.imul(hash ^ (this.#file[i] as number), 0x01000193);
    }
    return ((hash ^ (hash >>> 15)) | 1) >>> 0;
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
}
