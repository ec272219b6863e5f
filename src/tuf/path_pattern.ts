/**
 * True when a target path matches the pattern of a delegation (TUF 4.5, PATHPATTERN): `*` stands for
 * any characters and `?` for one, neither of them for `/`. So `dir/*` holds `dir/a` but not `dir/b/c`.
 *
 * Takes time in proportion to pattern × path at worst: no pattern can stall a client.
 */
export function matchesPathPattern(pattern: string, path: string): boolean {
  const patternParts = pattern.split("/");
  const pathParts = path.split("/");
  return patternParts.length === pathParts.length &&
    patternParts.every((part, index) => matchesSegment(part, pathParts[index] as string));
}

function matchesSegment(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  // Where the last `*` stood, and how far what follows it has been tried: backtracking needs no more.
  let star = -1;
  let tried = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      tried = t;
    } else if (pattern[p] === "?" || (p < pattern.length && pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++tried;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
