/** What lies in the old file near where a literal stretch of the new one begins. */
export interface Neighbourhood {
  /** Holds old bytes from `start` up to `end`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Where in `bytes` the old file goes on after what precedes the stretch. */
  readonly at: number;
}

/**
 * What prediction hands its guesses to. The encoder's coder compares them with the new file and writes
 * what differs; the decoder's reads what differs and writes the new file. Both answer with the actual
 * values, so one prediction loop (src/delta/prediction.ts) serves both and they can't drift apart.
 */
export interface ResidualCoder {
  /** Old bytes that are wanted on each side of where a literal stretch begins; 0 for none. */
  readonly neighbourhood: number;
  /**
   * `count` bytes at `at` of `output` that resemble nothing known, in place of what is `near` in the old file;
   * without it, nothing is known of that.
   */
  literals(output: Uint8Array, at: number, count: number, near?: Neighbourhood): void;
  /**
   * `count` bytes at `at` of `output`, each guessed to equal the byte at the same distance from `from`
   * of `guess`. `guess` may be `output` itself, then `from < at`, and each byte is settled before the next is
   * guessed; else the bytes around these of `guess` may be read.
   */
  bytes(guess: Uint8Array, from: number, output: Uint8Array, at: number, count: number): void;
  /** Four bytes, little-endian, that refer to code or data from within code. Signed result. */
  reference(guess: number, output: DataView, at: number): number;
  /** As many bytes as `guess` holds: an operand of variable length. True when the guess was right. */
  operand(guess: Uint8Array, output: Uint8Array, at: number): boolean;
  /** Four bytes, little-endian, of data. Signed result. */
  word(guess: number, output: DataView, at: number): number;
}

/** A coder that reads a segment. */
export interface SegmentDecoder extends ResidualCoder {
  /** How much of each stream was read so far, in the order of the streams, in any one unit. */
  consumed(): readonly number[];
  /**
   * Ends the segment: nothing may be left over.
   *
   * @throws {BrecciaError} `delta-malformed`.
   */
  finish(): void;
}
