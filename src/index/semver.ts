/** A version by SemVer 2.0.0, in the parts that decide its precedence. */
export interface SemVer {
  /** Tells it from versions of the other order. */
  readonly order: "semver";
  /** Major, minor and patch, in decimal digits. */
  readonly core: readonly string[];
  /** Identifiers after the hyphen; empty for a release. */
  readonly prerelease: readonly string[];
}

const NUMBER = "(0|[1-9][0-9]*)";
const IDENTIFIER = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
const PATTERN = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?` +
    "(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$",
);

/** Reads a version of exactly the grammar of SemVer 2.0.0, or returns `undefined`. */
export function parseSemVer(text: string): SemVer | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, major = "", minor = "", patch = "", prerelease] = match;
  return {
    order: "semver",
    core: [major, minor, patch],
    prerelease: prerelease?.split(".") ?? [],
  };
}

/** Precedence by SemVer 2.0.0, section 11; build metadata takes no part in it. */
export function compareSemVer(a: SemVer, b: SemVer): number {
  for (const [i, part] of a.core.entries()) {
    const difference = compareDigits(part, b.core[i] ?? "0");
    if (difference !== 0) return difference;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return b.prerelease.length - a.prerelease.length;
  }
  const common = Math.min(a.prerelease.length, b.prerelease.length);
  for (let i = 0; i < common; i++) {
    const difference = compareIdentifiers(a.prerelease[i] ?? "", b.prerelease[i] ?? "");
    if (difference !== 0) return difference;
  }
  return a.prerelease.length - b.prerelease.length;
}

/** Numeric identifiers by value and before alphanumeric ones, those in ASCII order. */
function compareIdentifiers(a: string, b: string): number {
  const aIsNumber = /^[0-9]+$/.test(a);
  const bIsNumber = /^[0-9]+$/.test(b);
  if (aIsNumber && bIsNumber) return compareDigits(a, b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Compares whole numbers in decimal without leading zeros, of any size: build numbers made of dates
 * outgrow 2^53.
 */
export function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
