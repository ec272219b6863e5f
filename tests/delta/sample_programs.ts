import { noise } from "./sample_files.ts";

/** What the header of an ELF file says, little-endian. */
const MACHINE = { "x86-64": 62, arm64: 183 } as const;
const CODE_AT = 0x1000;
const ADDRESS = 0x400000;

/**
 * A 64-bit ELF file with one code and one data segment. Each function calls the next one and refers to a
 * datum; data holds pointers to all functions. `insert` puts a new function in the middle, so that
 * every reference across it changes.
 */
export function sampleElf(
  architecture: keyof typeof MACHINE,
  insert: boolean,
): Uint8Array<ArrayBuffer> {
  const bodies = Array.from({ length: 60 }, (_, i) => noise(96, 1000 + i));
  if (insert) bodies.splice(25, 0, noise(96, 5000));
  const codeSize = bodies.length * 96;
  const dataAt = CODE_AT + Math.ceil(codeSize / 0x1000) * 0x1000;
  const file = new Uint8Array(dataAt + 8 * bodies.length + 512);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(18, MACHINE[architecture], true);
  view.setUint32(32, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  const segments = [[5, CODE_AT, codeSize], [6, dataAt, file.length - dataAt]] as const;
  segments.forEach(([flags, offset, size], i) => {
    const at = 64 + 56 * i;
    view.setUint32(at, 1, true);
    view.setUint32(at + 4, flags, true);
    view.setUint32(at + 8, offset, true);
    view.setUint32(at + 16, ADDRESS + offset, true);
    view.setUint32(at + 32, size, true);
    view.setUint32(at + 40, size, true);
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
    view.setUint32(dataAt + 8 * i, ADDRESS + at, true);
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
