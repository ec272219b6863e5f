import { METADATA_LIMITS } from "../limits.ts";

/** Counts the steps of a match, where somebody bounds them. */
export interface StepCount {
  /** Characters compared. */
  steps: number;
}

/**
 * True when a target path matches the pattern of a delegation (TUF 4.5, PATHPATTERN): `*` stands for
 * any characters and `?` for one, neither of them for `/`. So `dir/*` holds `dir/a` but not `dir/b/c`.
 * A path longer than a file system allows matches nothing.
 *
 * Takes steps in proportion to pattern × path at worst, and says how many.
 */
export function matchesPathPattern(
  pattern: string,
  path: string,
  count: StepCount = { steps: 0 },
): boolean {
  if (path.length > METADATA_LIMITS.targetPath) return false;
  let p = 0;
  let t = 0;
  // Where the last `*` of the segment stood, and how far what follows it has been tried: backtracking
  // needs no more, and never leaves the segment.
  let star = -1;
  let tried = 0;
  let steps = 1;
  let matches = true;
  while (t < path.length && matches) {
    steps++;
    const character = path[t];
    if (pattern[p] === "*") {
      star = p++;
      tried = t;
    } else if (pattern[p] === character || (pattern[p] === "?" && character !== "/")) {
      if (character === "/") star = -1;
      p++;
      t++;
    } else if (star >= 0 && path[tried] !== "/") {
      p = star + 1;
      t = ++tried;
    } else {
      matches = false;
    }
  }
  while (pattern[p] === "*") p++;
  count.steps += steps;
  return matches && p === pattern.length;
}

/** True when some path matches both patterns. Time in proportion to the product of their lengths. */
export function patternsMeet(a: string, b: string): boolean {
  const others = b.split("/");
  const parts = a.split("/");
  return parts.length === others.length &&
    parts.every((part, index) => segmentsMeet(part, others[index] as string));
}

function segmentsMeet(a: string, b: string): boolean {
  // meets[j]: what is left of `a` from the row on, and of `b` from `j` on, have a text in common.
  let below: boolean[] = [];
  for (let i = a.length; i >= 0; i--) {
    const meets = new Array<boolean>(b.length + 1);
    for (let j = b.length; j >= 0; j--) {
      if (i === a.length && j === b.length) meets[j] = true;
      else if (a[i] === "*") meets[j] = below[j] === true || meets[j + 1] === true;
      else if (b[j] === "*") meets[j] = meets[j + 1] === true || below[j] === true;
      else {
        const both = i < a.length && j < b.length;
        const same = both && (a[i] === "?" || b[j] === "?" || a[i] === b[j]);
        meets[j] = same && below[j + 1] === true;
      }
    }
    below = meets;
  }
  return below[0] === true;
}
