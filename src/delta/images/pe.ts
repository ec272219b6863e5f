import type { Architecture, Range } from "../image.ts";
import { HeaderView, type Program } from "./program.ts";
import { fittingTables } from "./tables.ts";

const MACHINES: ReadonlyMap<number, Architecture> = new Map([
  [0x8664, "x86-64"],
  [0xaa64, "arm64"],
]);
const IMAGE_SCN_MEM_EXECUTE = 0x2000_0000;

/** Reads the tables of a 64-bit PE image (Microsoft PE format) that fills `extent` of `bytes`. */
export function readPe(bytes: Uint8Array, extent: Range): Program | undefined {
  const file = new HeaderView(bytes);
  if (file.u16(extent.start) !== 0x5a4d) return undefined;
  const header = extent.start + file.u32(extent.start + 0x3c);
  if (file.u32(header) !== 0x00004550) return undefined;
  const architecture = MACHINES.get(file.u16(header + 4));
  if (architecture === undefined || file.u16(header + 24) !== 0x20b) return undefined;
  const first = header + 24 + file.u16(header + 20);
  const sections = Array.from({ length: file.u16(header + 6) }, (_, i) => {
    const at = first + 40 * i;
    const virtualSize = file.u32(at + 8);
    const rawSize = file.u32(at + 16);
    return {
      address: file.u32(at + 12),
      memorySize: Math.max(virtualSize, rawSize),
      // Raw data is padded to the file alignment; the padding is not loaded.
      fileSize: virtualSize > 0 ? Math.min(rawSize, virtualSize) : rawSize,
      offset: extent.start + (rawSize > 0 ? file.u32(at + 20) : 0),
      executable: (file.u32(at + 36) & IMAGE_SCN_MEM_EXECUTE) !== 0,
    };
  });
  const code = sections.filter(({ executable, fileSize }) => executable && fileSize > 0);
  const tables = fittingTables({
    architecture,
    extent,
    base: file.u64(header + 48),
    segments: sections.map(({ offset, address, fileSize, memorySize }) => (
      { offset, address, fileSize, memorySize }
    )),
    executable: code.map(({ offset, fileSize }) => ({ start: offset, end: offset + fileSize })),
    codeAddresses: code.map(({ address, fileSize }) => ({
      start: address,
      end: address + fileSize,
    })),
  });
  return tables && { tables, hints: [], relocations: undefined };
}
