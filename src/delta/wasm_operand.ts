const CALL = 0x10;
const I32_CONST = 0x41;
const I64_CONST = 0x42;

/** Longest operand that is predicted, in bytes. */
export const MAX_OPERAND_BYTES = 5;

/** An operand that may refer to a function or an address; one object reused, as it is asked for each byte. */
export class WasmOperand {
  /** Length in bytes; at least 2 for functions and 3 for numbers: shorter ones are mostly something else. */
  length = 0;
  /** True for the function index of a `call`, false for a constant. */
  isFunction = false;
  value = 0;

  /** Reads what is at `at` of `code` when the byte before is such an opcode and at most `most` bytes are left. */
  read(code: Uint8Array, at: number, most: number): boolean {
    const opcode = code[at - 1];
    if (opcode !== CALL && opcode !== I32_CONST && opcode !== I64_CONST) return false;
    this.isFunction = opcode === CALL;
    const length = lebLength(code, at, Math.min(most, MAX_OPERAND_BYTES));
    if (length < (this.isFunction ? 2 : 3)) return false;
    // The sign bit of a constant: no address is negative.
    if (!this.isFunction && ((code[at + length - 1] as number) & 0x40) !== 0) return false;
    this.length = length;
    this.value = lebValue(code, at, length);
    return true;
  }
}

/** Length of the LEB128 number at `at`, or 0 when it does not end within `most` bytes. */
export function lebLength(code: Uint8Array, at: number, most: number): number {
  for (let i = 0; i < most; i++) if ((code[at + i] as number) < 0x80) return i + 1;
  return 0;
}

/** Value of the LEB128 number of `length` bytes at `at`, unsigned. */
export function lebValue(code: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 128 + ((code[at + i] as number) & 0x7f);
  return value;
}

/** Writes `value` modulo `128 ** length` as LEB128 of exactly `length` bytes. */
export function putLeb(to: Uint8Array, value: number, length: number): void {
  for (let i = 0; i < length; i++) {
    const rest = Math.floor(value / 128);
    to[i] = (value - rest * 128) | (i < length - 1 ? 0x80 : 0);
    value = rest;
  }
}
