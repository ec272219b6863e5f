/** Opcodes whose ModRM byte commonly addresses memory relative to the instruction pointer. */
const MODRM_OPCODES = new Uint8Array(256);
for (
  const opcode of [
    ...[0x00, 0x01, 0x02, 0x03, 0x09, 0x0a, 0x0b, 0x21, 0x22, 0x23, 0x29, 0x2a, 0x2b],
    ...[0x31, 0x32, 0x33, 0x38, 0x39, 0x3a, 0x3b, 0x63, 0x80, 0x81, 0x83, 0x84, 0x85],
    ...[0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8d, 0xc1, 0xc6, 0xc7, 0xd1, 0xd3, 0xf6, 0xf7, 0xfe, 0xff],
  ]
) MODRM_OPCODES[opcode] = 1;

/** 1 where the byte before a field may end an instruction's opcode or ModRM: most bytes fail here. */
export const X86_LEADS: Uint8Array = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const ends = byte === 0xe8 || byte === 0xe9 || (byte & 0xf0) === 0x80 || (byte & 0xc7) === 0x05;
  X86_LEADS[byte] = ends ? 1 : 0;
}

/** What the four bytes at a place refer to: nothing, code (a call or jump), or any address. */
export const X86_NONE = 0;
export const X86_BRANCH = 1;
export const X86_MEMORY = 2;

/**
 * Whether the four bytes at `at` of x86-64 code may be a reference relative to the instruction
 * pointer, judged by the up to five bytes before them. A guess: a target outside the image refutes it.
 */
export function x86Reference(code: Uint8Array, at: number): number {
  const last = code[at - 1] as number;
  if (last === 0xe8 || last === 0xe9) return X86_BRANCH;
  const second = code[at - 2] as number;
  if ((last & 0xf0) === 0x80 && second === 0x0f) return X86_BRANCH;
  if ((last & 0xc7) !== 0x05) return X86_NONE;
  if (MODRM_OPCODES[second] === 1) return X86_MEMORY;
  const third = code[at - 3] as number;
  if (third === 0x0f || third === 0xc5) return X86_MEMORY; // two-byte opcode; VEX, short form
  const fourth = code[at - 4] as number;
  if (fourth === 0x0f && (third === 0x38 || third === 0x3a)) return X86_MEMORY;
  if (fourth === 0xc4 || fourth === 0xc5 || code[at - 5] === 0xc4) return X86_MEMORY; // VEX
  return X86_NONE;
}
