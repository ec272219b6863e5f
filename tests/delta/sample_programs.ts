import { noise } from "./sample_files.ts";

/** Instruction sets that programs are made for. */
export type SampleArchitecture = "x86-64" | "arm64";

/** Formats of executables. */
export type SampleFormat = "ELF" | "PE" | "Mach-O";

/** Code and data of a program in its file, which loads at `base` as it lies there. */
interface Layout {
  readonly base: number;
  readonly code: readonly [start: number, end: number];
  readonly data: readonly [start: number, end: number];
}

const CODE_AT = 0x1000;
const BASES = { "ELF": 0x400000, "PE": 0x1_4000_0000, "Mach-O": 0x1_0000_0000 } as const;

const HEADERS = { "ELF": writeElf, "PE": writePe, "Mach-O": writeMachO } as const;

/**
 * An executable with one code and one data segment. Each function calls another one and refers to a
 * datum; data holds pointers to all functions. `insert` puts a new function in the middle, so that
 * every reference across it changes.
 */
export function sampleProgram(
  format: SampleFormat,
  architecture: SampleArchitecture,
  insert: boolean,
): Uint8Array<ArrayBuffer> {
  const bodies = Array.from({ length: 60 }, (_, i) => noise(96, 1000 + i));
  if (insert) bodies.splice(25, 0, noise(96, 5000));
  const codeEnd = CODE_AT + bodies.length * 96;
  const dataAt = Math.ceil(codeEnd / 0x1000) * 0x1000;
  const file = new Uint8Array(dataAt + 8 * bodies.length + 512);
  const view = new DataView(file.buffer);
  const base = BASES[format];
  HEADERS[format](view, architecture, {
    base,
    code: [CODE_AT, codeEnd],
    data: [dataAt, file.length],
  });
  bodies.forEach((body, i) => {
    const at = CODE_AT + 96 * i;
    file.set(body, at);
    const callee = CODE_AT + 96 * ((i * 7 + 3) % bodies.length);
    const datum = dataAt + 8 * ((i * 5) % bodies.length);
    if (architecture === "x86-64") {
      file[at + 10] = 0xe8;
      view.setInt32(at + 11, callee - (at + 15), true);
      file.set([0x48, 0x8d, 0x05], at + 20);
      view.setInt32(at + 23, datum - (at + 27), true);
    } else {
      view.setUint32(at + 8, 0x94000000 | (((callee - at - 8) >> 2) & 0x3ffffff), true);
      const pages = (datum >> 12) - ((at + 16) >> 12);
      view.setUint32(
        at + 16,
        0x90000003 | ((pages & 3) << 29) | (((pages >> 2) & 0x7ffff) << 5),
        true,
      );
      view.setUint32(at + 20, 0x91000063 | ((datum & 0xfff) << 10), true);
    }
    view.setBigUint64(dataAt + 8 * i, BigInt(base + at), true);
  });
  return file;
}

/** {@linkcode sampleProgram} in ELF. */
export function sampleElf(
  architecture: SampleArchitecture,
  insert: boolean,
): Uint8Array<ArrayBuffer> {
  return sampleProgram("ELF", architecture, insert);
}

function writeElf(view: DataView, architecture: SampleArchitecture, layout: Layout): void {
  const file = new Uint8Array(view.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(18, architecture === "x86-64" ? 62 : 183, true);
  view.setUint32(32, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  const segments = [[5, layout.code], [6, layout.data]] as const;
  segments.forEach(([flags, [start, end]], i) => {
    const at = 64 + 56 * i;
    view.setUint32(at, 1, true);
    view.setUint32(at + 4, flags, true);
    view.setUint32(at + 8, start, true);
    view.setUint32(at + 16, layout.base + start, true);
    view.setUint32(at + 32, end - start, true);
    view.setUint32(at + 40, end - start, true);
  });
}

function writePe(view: DataView, architecture: SampleArchitecture, layout: Layout): void {
  const header = 0x80;
  view.setUint16(0, 0x5a4d, true);
  view.setUint32(0x3c, header, true);
  view.setUint32(header, 0x4550, true);
  view.setUint16(header + 4, architecture === "x86-64" ? 0x8664 : 0xaa64, true);
  view.setUint16(header + 6, 2, true);
  view.setUint16(header + 20, 240, true);
  view.setUint16(header + 24, 0x20b, true);
  view.setBigUint64(header + 48, BigInt(layout.base), true);
  const sections = [[0x6000_0020, layout.code], [0xc000_0040, layout.data]] as const;
  sections.forEach(([flags, [start, end]], i) => {
    const at = header + 24 + 240 + 40 * i;
    view.setUint32(at + 8, end - start, true);
    view.setUint32(at + 12, start, true);
    view.setUint32(at + 16, end - start, true);
    view.setUint32(at + 20, start, true);
    view.setUint32(at + 36, flags, true);
  });
}

function writeMachO(view: DataView, architecture: SampleArchitecture, layout: Layout): void {
  view.setUint32(0, 0xfeedfacf, true);
  view.setUint32(4, architecture === "x86-64" ? 0x01000007 : 0x0100000c, true);
  view.setUint32(16, 2, true);
  let at = 32;
  const segments = [[0x8000_0400, layout.code], [0, layout.data]] as const;
  for (const [flags, [start, end]] of segments) {
    view.setUint32(at, 0x19, true);
    view.setUint32(at + 4, 72 + 80, true);
    const fields = [layout.base + start, end - start, start, end - start];
    fields.forEach((field, i) => view.setBigUint64(at + 24 + 8 * i, BigInt(field), true));
    view.setUint32(at + 64, 1, true);
    view.setBigUint64(at + 72 + 32, BigInt(layout.base + start), true);
    view.setBigUint64(at + 72 + 40, BigInt(end - start), true);
    view.setUint32(at + 72 + 48, start, true);
    view.setUint32(at + 72 + 64, flags, true);
    at += 72 + 80;
  }
}

/** A universal binary of thin Mach-O files. */
export function sampleFat(
  slices: readonly (readonly [SampleArchitecture, Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const aligned = (size: number): number => Math.ceil(size / 0x4000) * 0x4000;
  const size = slices.reduce((sum, [, bytes]) => sum + aligned(bytes.length), 0x4000);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xcafebabe);
  view.setUint32(4, slices.length);
  let offset = 0x4000;
  slices.forEach(([architecture, bytes], i) => {
    view.setUint32(8 + 20 * i, architecture === "x86-64" ? 0x01000007 : 0x0100000c);
    view.setUint32(8 + 20 * i + 8, offset);
    view.setUint32(8 + 20 * i + 12, bytes.length);
    view.setUint32(8 + 20 * i + 16, 14);
    file.set(bytes, offset);
    offset += aligned(bytes.length);
  });
  return file;
}

/** A ustar archive of `members`, by name. */
export function sampleTar(
  members: readonly (readonly [name: string, bytes: Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const padded = (size: number): number => Math.ceil(size / 512) * 512;
  const size = members.reduce((sum, [, bytes]) => sum + 512 + padded(bytes.length), 1024);
  const tar = new Uint8Array(size);
  const text = new TextEncoder();
  let at = 0;
  for (const [name, bytes] of members) {
    tar.set(text.encode(name), at);
    tar.set(text.encode(bytes.length.toString(8).padStart(11, "0")), at + 124);
    tar.set(text.encode("0"), at + 156);
    tar.set(text.encode("ustar"), at + 257);
    tar.set(bytes, at + 512);
    at += 512 + padded(bytes.length);
  }
  return tar;
}

/** A WebAssembly module whose functions call each other by two-byte indexes; `insert` adds one early, which shifts them all. */
export function sampleModule(insert: boolean): Uint8Array<ArrayBuffer> {
  const bodies = Array.from({ length: 200 }, (_, i) => noise(40, 2000 + i));
  if (insert) bodies.splice(20, 0, noise(40, 9000));
  const code: number[] = [];
  bodies.forEach((body, i) => {
    const callee = 300 + ((i < 20 || !insert ? i : i - 1) * 7) % 200;
    const index = insert && callee >= 320 ? callee + 1 : callee;
    code.push(...body, 0x10, (index & 0x7f) | 0x80, index >> 7);
  });
  const size = code.length;
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10];
  const length = [(size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14];
  return Uint8Array.from([...header, ...length, ...code]);
}
