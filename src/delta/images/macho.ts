import type { Architecture, LoadSegment, Range } from "../image.ts";
import { HeaderView, type Program } from "./program.ts";
import { fittingTables } from "./tables.ts";

const CPUS: ReadonlyMap<number, Architecture> = new Map([
  [0x01000007, "x86-64"],
  [0x0100000c, "arm64"],
]);
const LC_SEGMENT_64 = 0x19;
const S_ATTR_PURE_INSTRUCTIONS = 0x8000_0000;
const MAX_COMMANDS = 4096;

interface CodeSection {
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Reads the tables of a thin 64-bit Mach-O image (mach-o/loader.h) that fills `extent` of `bytes`. */
export function readMachO(bytes: Uint8Array, extent: Range): Program | undefined {
  const file = new HeaderView(bytes);
  if (file.u32(extent.start) !== 0xfeedfacf) return undefined;
  const architecture = CPUS.get(file.u32(extent.start + 4));
  if (architecture === undefined) return undefined;
  const loaded: LoadSegment[] = [];
  const code: CodeSection[] = [];
  let at = extent.start + 32;
  const commands = Math.min(file.u32(extent.start + 16), MAX_COMMANDS);
  for (let i = 0; i < commands; i++) {
    if (file.u32(at) === LC_SEGMENT_64 && file.u64(at + 48) > 0) {
      loaded.push({
        address: file.u64(at + 24),
        memorySize: file.u64(at + 32),
        offset: extent.start + file.u64(at + 40),
        fileSize: file.u64(at + 48),
      });
      code.push(...codeSections(file, extent, at));
    }
    at += file.u32(at + 4);
  }
  // Programs begin at 2^32 and libraries at 0: addresses count from the lowest segment.
  const base = Math.min(...loaded.map(({ address }) => address));
  const tables = fittingTables({
    architecture,
    extent,
    base,
    segments: loaded.map((segment) => ({ ...segment, address: segment.address - base })),
    executable: code.map(({ offset, size }) => ({ start: offset, end: offset + size })),
    codeAddresses: code.map(({ address, size }) => (
      { start: address - base, end: address - base + size }
    )),
  });
  return tables && { tables, hints: [], relocations: undefined };
}

function codeSections(file: HeaderView, extent: Range, command: number): CodeSection[] {
  const sections = Array.from({ length: Math.min(file.u32(command + 64), 256) }, (_, i) => {
    const at = command + 72 + 80 * i;
    return {
      address: file.u64(at + 32),
      size: file.u64(at + 40),
      offset: extent.start + file.u32(at + 48),
      flags: file.u32(at + 64),
    };
  });
  return sections.filter(({ flags }) => (flags & S_ATTR_PURE_INSTRUCTIONS) !== 0);
}
