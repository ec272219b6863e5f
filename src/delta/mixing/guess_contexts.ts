/** A guessed byte in the lowest bits, then the one before it, the one before that, and the one after it. */
export function bytesAround(guess: Uint8Array, at: number): number {
  return (guess[at] as number) | ((guess[at - 1] as number) << 8) |
    ((guess[at - 2] as number) << 16) | ((guess[at + 1] as number) << 24);
}

/** The byte before `at`, and the one before that in the higher bits; 0 for what is outside the segment. */
export function bytesBefore(output: Uint8Array, at: number): number {
  return (output[at - 1] ?? 0) | ((output[at - 2] ?? 0) << 8);
}
