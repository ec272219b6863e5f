import type { Architecture, LoadSegment, Range } from "../image.ts";
import { HeaderView, type Program, type ProgramHint } from "./program.ts";
import { fittingTables } from "./tables.ts";

const MACHINES: ReadonlyMap<number, Architecture> = new Map([[62, "x86-64"], [183, "arm64"]]);

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_GNU_EH_FRAME = 0x6474e550;
const PF_X = 1;
const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const SHF_EXECINSTR = 4;
const DT_RELA = 7;
const DT_RELASZ = 8;
const SYMBOL_BYTES = 24;

/** Reads the tables of a 64-bit little-endian ELF image (System V ABI) that fills `extent` of `bytes`. */
export function readElf(bytes: Uint8Array, extent: Range): Program | undefined {
  const file = new HeaderView(bytes);
  const base = extent.start;
  if (file.u32(base) !== 0x464c457f || file.u16(base + 4) !== 0x0102) return undefined;
  const architecture = MACHINES.get(file.u16(base + 18));
  if (architecture === undefined) return undefined;
  const headers = programHeaders(file, base);
  const sections = sectionHeaders(file, base);

  const segments: LoadSegment[] = headers.filter(({ type }) => type === PT_LOAD).map((h) => ({
    offset: h.offset,
    address: h.address,
    fileSize: h.fileSize,
    memorySize: h.memorySize,
  }));
  // Sections tell code from the data beside it in one segment; a stripped image has only segments.
  const code = sections.filter((s) =>
    s.type === SHT_PROGBITS && s.flags & SHF_EXECINSTR && s.size >= 16
  );
  const executable = code.length > 0
    ? code.map((s) => ({ offset: s.offset, address: s.address, size: s.size }))
    : headers.filter((h) => h.type === PT_LOAD && h.flags & PF_X)
      .map((h) => ({ offset: h.offset, address: h.address, size: h.fileSize }));
  const tables = fittingTables({
    architecture,
    extent,
    base: 0,
    segments,
    executable: executable.map(({ offset, size }) => ({ start: offset, end: offset + size })),
    codeAddresses: executable.map(({ address, size }) => ({ start: address, end: address + size })),
  });
  if (tables === undefined) return undefined;
  return {
    tables,
    hints: hints(headers, sections, extent),
    relocations: relocations(file, headers, segments, extent),
  };
}

interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

function programHeaders(file: HeaderView, base: number): ProgramHeader[] {
  const start = base + file.u64(base + 32);
  const size = file.u16(base + 54);
  return Array.from({ length: file.u16(base + 56) }, (_, i) => {
    const at = start + i * size;
    return {
      type: file.u32(at),
      flags: file.u32(at + 4),
      offset: base + file.u64(at + 8),
      address: file.u64(at + 16),
      fileSize: file.u64(at + 32),
      memorySize: file.u64(at + 40),
    };
  });
}

interface SectionHeader {
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function sectionHeaders(file: HeaderView, base: number): SectionHeader[] {
  const start = file.u64(base + 40);
  if (start === 0) return [];
  const size = file.u16(base + 58);
  return Array.from({ length: file.u16(base + 60) }, (_, i) => {
    const at = base + start + i * size;
    return {
      type: file.u32(at + 4),
      flags: file.u32(at + 8),
      address: file.u64(at + 16),
      offset: base + file.u64(at + 24),
      size: file.u64(at + 32),
      link: file.u32(at + 40),
    };
  });
}

/** Symbol names are offsets into a string table; `.eh_frame_hdr` holds addresses relative to itself. */
function hints(
  headers: readonly ProgramHeader[],
  sections: readonly SectionHeader[],
  extent: Range,
): ProgramHint[] {
  const found: ProgramHint[] = [];
  for (const { type, offset, size, link } of sections) {
    const strings = sections[link];
    if ((type !== SHT_SYMTAB && type !== SHT_DYNSYM) || strings === undefined) continue;
    found.push({
      mode: "file",
      range: { start: offset, end: offset + size },
      stride: SYMBOL_BYTES,
      lanes: 1,
      base: strings.offset,
    });
  }
  for (const { type, offset, fileSize, address } of headers) {
    if (type !== PT_GNU_EH_FRAME) continue;
    const range = { start: offset + 12, end: offset + fileSize };
    found.push({ mode: "address", range, stride: 8, lanes: 3, base: address });
  }
  return found
    .filter(({ range }) =>
      range.start < range.end && range.start >= extent.start && range.end <= extent.end
    )
    .sort((a, b) => a.range.start - b.range.start);
}

function relocations(
  file: HeaderView,
  headers: readonly ProgramHeader[],
  segments: readonly LoadSegment[],
  extent: Range,
): Range | undefined {
  let address = 0;
  let size = 0;
  for (const header of headers) {
    if (header.type !== PT_DYNAMIC) continue;
    const end = Math.min(header.offset + header.fileSize, extent.end);
    for (let at = header.offset; at + 16 <= end; at += 16) {
      if (file.u64(at) === DT_RELA) address = file.u64(at + 8);
      if (file.u64(at) === DT_RELASZ) size = file.u64(at + 8);
    }
  }
  const home = segments.find((s) =>
    address >= s.address && address + size <= s.address + s.fileSize
  );
  if (size === 0 || home === undefined) return undefined;
  const start = address - home.address + home.offset;
  return { start, end: start + size };
}
