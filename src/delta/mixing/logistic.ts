/**
 * Probabilities are 16 bits, of 65,536; mixing happens in the logistic domain, `ln(p / (1 - p))` in steps of
 * 1/256 from -2047 to 2047. Both tables are made of integers alone, so that every runtime has the same.
 */

/** Most that {@linkcode stretch} gives, and least with the other sign. */
export const STRETCH_MAX = 2047;

/** 65,536 / (1 + e^-x) for x from -8 to 8 in steps of 1/2: between them lies a straight line. */
const SQUASH_NODES = [
  22,
  36,
  60,
  98,
  162,
  267,
  439,
  720,
  1179,
  1921,
  3108,
  4971,
  7812,
  11955,
  17625,
  24743,
  32768,
  40793,
  47911,
  53581,
  57724,
  60565,
  62428,
  63615,
  64357,
  64816,
  65097,
  65269,
  65374,
  65438,
  65476,
  65500,
  65514,
] as const;

const NODE_DISTANCE = 128;

const squashed = new Int32Array(2 * STRETCH_MAX + 1);
for (let x = -STRETCH_MAX; x <= STRETCH_MAX; x++) {
  const node = (x + STRETCH_MAX + 1) >> 7;
  const part = (x + STRETCH_MAX + 1) & (NODE_DISTANCE - 1);
  const from = SQUASH_NODES[node] as number;
  const to = SQUASH_NODES[node + 1] ?? from;
  squashed[x + STRETCH_MAX] = from + (((to - from) * part + 64) >> 7);
}

const stretched = new Int16Array(4096);
for (let p = 0, x = -STRETCH_MAX; p < 4096; p++) {
  while (x < STRETCH_MAX && (squashed[x + STRETCH_MAX] as number) < p * 16 + 8) x++;
  stretched[p] = x;
}

/** The probability at `x`, -2047 to 2047: `SQUASH[x + 2047]`, 22 to 65,514 of 65,536. */
export const SQUASH: Readonly<Int32Array> = squashed;

/** Where a probability lies, by its upper 12 bits. */
export const STRETCH: Readonly<Int16Array> = stretched;
