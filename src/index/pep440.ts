import { compareDigits } from "./semver.ts";

/**
 * A version by PEP 440, normalized to the parts that decide its order. Numbers are decimal digits
 * without leading zeros.
 */
export interface Pep440 {
  /** Tells it from versions of the other order. */
  readonly order: "pep440";
  /** Digits before `!`; `"0"` unless given. */
  readonly epoch: string;
  /** Release segments without trailing zeros: 1.0 and 1.0.0 are one version. */
  readonly release: readonly string[];
  /** Pre-release phase and its number. */
  readonly pre: readonly [phase: "a" | "b" | "rc", number: string] | undefined;
  /** Number of the post-release. */
  readonly post: string | undefined;
  /** Number of the development release. */
  readonly dev: string | undefined;
  /** Segments of the local label after `+`, in lower case. */
  readonly local: readonly string[];
}

/** The pattern of PEP 440, appendix B, with its alternative spellings and separators. */
const PATTERN = new RegExp(
  "^v?(?:([0-9]+)!)?([0-9]+(?:\\.[0-9]+)*)" +
    "(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]*))?" +
    "(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?" +
    "(?:[-_.]?(dev)[-_.]?([0-9]*))?" +
    "(?:\\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$",
);

/** Pre-release spellings and what they are normalized to. */
const PHASES: ReadonlyMap<string, "a" | "b" | "rc"> = new Map([
  ["a", "a"],
  ["alpha", "a"],
  ["b", "b"],
  ["beta", "b"],
  ["c", "rc"],
  ["rc", "rc"],
  ["pre", "rc"],
  ["preview", "rc"],
]);

/** Reads a version that PEP 440 accepts, in any of its spellings, or returns `undefined`. */
export function parsePep440(text: string): Pep440 | undefined {
  const match = PATTERN.exec(text.toLowerCase());
  if (match === null) return undefined;
  const [, epoch, release = "", phase, preNumber, implicitPost, post, postNumber, dev] = match;
  const preName = PHASES.get(phase ?? "");
  const segments = release.split(".").map(plain);
  while (segments.length > 1 && segments.at(-1) === "0") segments.pop();
  return {
    order: "pep440",
    epoch: plain(epoch),
    release: segments,
    pre: preName === undefined ? undefined : [preName, plain(preNumber)],
    post: implicitPost !== undefined
      ? plain(implicitPost)
      : post === undefined
      ? undefined
      : plain(postNumber),
    dev: dev === undefined ? undefined : plain(match[9]),
    local: match[10]?.split(/[-_.]/) ?? [],
  };
}

/** The order of PEP 440, "Summary of permitted suffixes and relative ordering". */
export function comparePep440(a: Pep440, b: Pep440): number {
  return compareDigits(a.epoch, b.epoch) ||
    compareLists(a.release, b.release, compareDigits) ||
    comparePre(a, b) ||
    compareOptional(a.post, b.post, -1) ||
    compareOptional(a.dev, b.dev, 1) ||
    compareLists(a.local, b.local, compareLocal);
}

/** 1.0.dev1 < 1.0a1.dev1 < 1.0a1 < 1.0rc1 < 1.0: only a bare development release precedes its alphas. */
function comparePre(a: Pep440, b: Pep440): number {
  const rank = preRank(a) - preRank(b);
  if (rank !== 0 || a.pre === undefined || b.pre === undefined) return rank;
  return compareDigits(a.pre[1], b.pre[1]);
}

function preRank({ pre, post, dev }: Pep440): number {
  if (pre !== undefined) return ["a", "b", "rc"].indexOf(pre[0]) + 1;
  return post === undefined && dev !== undefined ? 0 : 4;
}

/** Numbers by value; an absent one comes before (−1) or after (1) all of them. */
function compareOptional(a: string | undefined, b: string | undefined, absent: -1 | 1): number {
  if (a === undefined || b === undefined) {
    return a === b ? 0 : a === undefined ? absent : -absent;
  }
  return compareDigits(a, b);
}

/** Numeric segments come after alphabetic ones, and by value. */
function compareLocal(a: string, b: string): number {
  const aIsNumber = /^[0-9]+$/.test(a);
  const bIsNumber = /^[0-9]+$/.test(b);
  if (aIsNumber && bIsNumber) return compareDigits(plain(a), plain(b));
  if (aIsNumber !== bIsNumber) return aIsNumber ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareLists(
  a: readonly string[],
  b: readonly string[],
  compare: (a: string, b: string) => number,
): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const difference = compare(a[i] as string, b[i] as string);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function plain(digits: string | undefined): string {
  return digits?.replace(/^0+(?=[0-9])/, "") || "0";
}
