/** The keys of `object` in the order of their code points. */
export function sortedKeys(object: ReadonlyMap<string, unknown>): string[] {
  const keys = [...object.keys()];
  if (keys.some((key) => /[\ud800-\udfff]/.test(key))) return keys.sort(compareCodePoints);
  // Without surrogates, JavaScript's own order is that of code points; sorted keys cost little.
  return keys.every((key, index) => index === 0 || (keys[index - 1] as string) < key)
    ? keys
    : keys.sort();
}

/** JavaScript compares UTF-16 units, which puts U+10000 and above before U+E000: this does not. */
function compareCodePoints(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates rank above every other UTF-16 unit: they encode the highest code points. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
