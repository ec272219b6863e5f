/**
 * What prediction hands its guesses to. The encoder's coder compares them with the new file and writes
 * what differs; the decoder's reads what differs and writes the new file. Both answer with the actual
 * values, so one prediction loop (src/delta/prediction.ts) serves both and they can't drift apart.
 */
export interface ResidualCoder {
  /** `count` bytes at `at` of `output` that resemble nothing known. */
  literals(output: Uint8Array, at: number, count: number): void;
  /**
   * `count` bytes at `at` of `output`, each guessed to equal the byte at the same distance from `from`
   * of `guess`. `guess` may be `output` itself, then `from < at`, and each byte is settled before the next is guessed.
   */
  bytes(guess: Uint8Array, from: number, output: Uint8Array, at: number, count: number): void;
  /** Four bytes, little-endian, that refer to code or data from within code. Signed result. */
  reference(guess: number, output: DataView, at: number): number;
  /** As many bytes as `guess` holds: an operand of variable length. True when the guess was right. */
  operand(guess: Uint8Array, output: Uint8Array, at: number): boolean;
  /** Four bytes, little-endian, of data. Signed result. */
  word(guess: number, output: DataView, at: number): number;
}
