import { equalBytes } from "../../bytes/mod.ts";
import { DELTA_LIMITS } from "../../limits.ts";
import type { ImagePair, Range } from "../image.ts";
import { readElf } from "./elf.ts";
import { readMachO } from "./macho.ts";
import { readPe } from "./pe.ts";
import { readWasm } from "./wasm.ts";
import type { Program } from "./program.ts";

/** The same program in both files, with what only the encoder needs. */
export interface ProgramPair {
  readonly old: Program;
  readonly new: Program;
  readonly image: ImagePair;
}

/** Finds the programs that occur in both files: the file itself, or members of a tar stream. */
export function findPrograms(oldBytes: Uint8Array, newBytes: Uint8Array): ProgramPair[] {
  const before = programsOf(oldBytes);
  const after = programsOf(newBytes);
  const pairs: ProgramPair[] = [];
  for (const candidate of after) {
    const partner = takePartner(before, candidate);
    if (partner === undefined || sameContent(oldBytes, newBytes, partner, candidate)) continue;
    pairs.push(pairOf(partner.program, candidate.program));
  }
  return pairs.slice(0, DELTA_LIMITS.images);
}

interface NamedProgram {
  readonly name: string;
  readonly program: Program;
}

function programsOf(bytes: Uint8Array): NamedProgram[] {
  const programs: NamedProgram[] = [];
  for (const { name, extent } of slicesOf(bytes, membersOf(bytes))) {
    const program = readElf(bytes, extent) ?? readPe(bytes, extent) ?? readMachO(bytes, extent) ??
      readWasm(bytes, extent);
    if (program !== undefined) programs.push({ name, program });
  }
  return programs;
}

/** Same name first; then the same name but for version numbers, which move with each release. */
function takePartner(
  before: NamedProgram[],
  { name, program }: NamedProgram,
): NamedProgram | undefined {
  const alike = (form: (name: string) => string): number =>
    before.findIndex((other) =>
      form(other.name) === form(name) &&
      other.program.tables.architecture === program.tables.architecture
    );
  let found = alike((text) => text);
  if (found < 0) found = alike((text) => text.replace(/[0-9]+/g, "0"));
  return found < 0 ? undefined : before.splice(found, 1)[0];
}

/** What has not changed needs no model. */
function sameContent(
  oldBytes: Uint8Array,
  newBytes: Uint8Array,
  before: NamedProgram,
  after: NamedProgram,
): boolean {
  const content = (bytes: Uint8Array, { program }: NamedProgram): Uint8Array =>
    bytes.subarray(program.tables.extent.start, program.tables.extent.end);
  return equalBytes(content(oldBytes, before), content(newBytes, after));
}

function pairOf(old: Program, new_: Program): ProgramPair {
  // Hint tables are matched by order, which linkers keep; a differing count leaves nothing to match by.
  const paired = old.hints.length === new_.hints.length;
  const hints = old.hints.flatMap(({ base, ...hint }, i) => {
    const other = new_.hints[i];
    return paired && other !== undefined && other.mode === hint.mode
      ? [{ ...hint, oldBase: base, newBase: other.base }]
      : [];
  });
  return { old, new: new_, image: { old: old.tables, new: new_.tables, hints } };
}

interface Member {
  readonly name: string;
  readonly extent: Range;
}

const TAR_BLOCK = 512;
/** Smaller programs are not worth their tables. */
const SMALLEST_PROGRAM = 4096;

/** The regular files of a tar stream (POSIX pax or ustar), or the whole file when it is none. */
function* membersOf(bytes: Uint8Array): Generator<Member> {
  if (text(bytes, 257, 5) !== "ustar") {
    yield { name: "", extent: { start: 0, end: bytes.length } };
    return;
  }
  for (let at = 0; at + TAR_BLOCK <= bytes.length && text(bytes, at + 257, 5) === "ustar";) {
    const size = parseInt(text(bytes, at + 124, 12), 8) || 0;
    const start = at + TAR_BLOCK;
    const end = start + size;
    const type = text(bytes, at + 156, 1);
    if ((type === "0" || type === "") && size >= SMALLEST_PROGRAM && end <= bytes.length) {
      const name = `${text(bytes, at + 345, 155)}/${text(bytes, at, 100)}`;
      yield { name, extent: { start, end } };
    }
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

/** Universal binaries hold one program for each architecture; a Java class, which begins alike, has a greater count. */
const FAT_MAGIC = 0xcafebabe;
const MAX_SLICES = 16;

/** The slices of universal Mach-O files (mach-o/fat.h) in place of these; all other members as they are. */
function* slicesOf(bytes: Uint8Array, members: Iterable<Member>): Generator<Member> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const member of members) {
    const { start, end } = member.extent;
    const count = end - start < SMALLEST_PROGRAM || view.getUint32(start) !== FAT_MAGIC
      ? 0
      : view.getUint32(start + 4);
    if (count === 0 || count > MAX_SLICES) {
      yield member;
      continue;
    }
    for (let at = start + 8; at < start + 8 + 20 * count; at += 20) {
      const from = start + view.getUint32(at + 8);
      const extent = { start: from, end: from + view.getUint32(at + 12) };
      if (extent.end <= end) yield { name: `${member.name}/${view.getUint32(at)}`, extent };
    }
  }
}

/** A text field that ends at its first zero byte. */
function text(bytes: Uint8Array, offset: number, length: number): string {
  let value = "";
  for (let i = offset; i < offset + length && bytes[i]; i++) {
    value += String.fromCharCode(bytes[i]!);
  }
  return value;
}
