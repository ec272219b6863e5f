/** How many bits an unsigned number of 32 bits has: 0 for 0. */
export function bitLength(value: number): number {
  return 32 - Math.clz32(value);
}
