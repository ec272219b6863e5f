/** A `B` or `BL`: the low 26 bits count words from the instruction. */
export const ARM64_BRANCH = 1;
/** An `ADRP`: 21 bits count pages from the instruction's page. */
export const ARM64_PAGE = 2;
/** An `ADD`, load or store that completes an `ADRP` by the low 12 bits of an address. */
export const ARM64_LOW = 3;

/** How far an `ADRP` and what completes it may be apart, in bytes. */
const REACH = 16;

/** What an instruction refers to; one object reused, as it is asked for each instruction. */
export class Arm64Reference {
  /** 0 for none. */
  kind = 0;
  /** The address referred to; for an `ADRP` without a partner, its page. */
  target = 0;
  /** Bits by which the low 12 are scaled. */
  scale = 0;
  /** How many bytes before this instruction the `ADRP` is that it completes. */
  distance = 0;

  /**
   * Judges the instruction at `at` of `code`, loaded at `address`, by its neighbours up to 16 bytes away; `before`
   * and `after` say how many bytes of the same code there are on each side of its start.
   */
  read(code: DataView, at: number, address: number, before: number, after: number): boolean {
    const word = code.getUint32(at, true);
    this.kind = 0;
    const opcode = word >>> 26;
    if (opcode === 0x25 || opcode === 0x05) {
      this.kind = ARM64_BRANCH;
      this.target = address + ((word << 6) >> 4);
    } else if (isPage(word)) {
      this.kind = ARM64_PAGE;
      this.target = pageOf(word, address);
      for (let i = 4; i <= REACH && i + 4 <= after; i += 4) {
        const low = this.#low(code.getUint32(at + i, true), word & 31);
        if (low >= 0) {
          this.target += low;
          break;
        }
      }
    } else if (isLow(word)) {
      const register = (word >>> 5) & 31;
      for (let i = 4; i <= REACH && i <= before; i += 4) {
        const page = code.getUint32(at - i, true);
        if (isPage(page) && (page & 31) === register) {
          this.kind = ARM64_LOW;
          this.target = pageOf(page, address - i) + this.#low(word, register);
          this.distance = i;
          break;
        }
      }
    }
    return this.kind !== 0;
  }

  /** The low bits that `word` adds to `register`, scaled, or -1. */
  #low(word: number, register: number): number {
    if (!isLow(word) || ((word >>> 5) & 31) !== register) return -1;
    this.scale = scaleOf(word);
    return ((word >>> 10) & 0xfff) << this.scale;
  }

  /** `word`, the instruction last read, without what it refers to. Signed. */
  blank(word: number): number {
    switch (this.kind) {
      case ARM64_BRANCH:
        return word & 0xfc000000;
      case ARM64_PAGE:
        return word & 0x9f00001f;
      default:
        return word & ~(0xfff << 10);
    }
  }

  /** `word`, the instruction last read, made to refer to `target` from `address`. Signed. */
  withTarget(word: number, target: number, address: number): number {
    switch (this.kind) {
      case ARM64_BRANCH:
        return (word & 0xfc000000) | (((target - address) >> 2) & 0x3ffffff);
      case ARM64_PAGE: {
        const pages = Math.floor(target / 4096) - Math.floor(address / 4096);
        return (word & 0x9f00001f) | ((pages & 3) << 29) | (((pages >> 2) & 0x7ffff) << 5);
      }
      default:
        return (word & ~(0xfff << 10)) | ((((target & 0xfff) >>> this.scale) & 0xfff) << 10);
    }
  }
}

/** The page that an `ADRP` loaded at `address` refers to, or -1 when `word` is none. */
export function arm64Page(word: number, address: number): number {
  return isPage(word) ? pageOf(word, address) : -1;
}

function isPage(word: number): boolean {
  return (word & 0x9f000000) >>> 0 === 0x90000000;
}

function pageOf(word: number, address: number): number {
  const pages = (((((word >>> 5) & 0x7ffff) << 2) | ((word >>> 29) & 3)) << 11) >> 11;
  return (Math.floor(address / 4096) + pages) * 4096;
}

/** An `ADD` immediate without shift, or a load or store with unsigned offset. */
function isLow(word: number): boolean {
  return (word & 0xffc00000) >>> 0 === 0x91000000 || (word & 0x3b000000) === 0x39000000;
}

function scaleOf(word: number): number {
  if ((word & 0x3b000000) !== 0x39000000) return 0;
  const size = word >>> 30;
  const quad = size === 0 && ((word >>> 26) & 1) === 1 && ((word >>> 23) & 1) === 1;
  return quad ? 4 : size;
}
