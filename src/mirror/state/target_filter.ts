import { matchesPathPattern, type VerifiedTarget } from "../../tuf/mod.ts";
import type { CatalogRelease } from "./catalog_release.ts";

/** Which of an upstream's targets are mirrored. */
export interface TargetRules {
  /** Globs of target paths; none means all. `*` and `?` stay within a segment, `**` spans any number. */
  readonly include?: readonly string[];
  /** Globs of those that are left out all the same. */
  readonly exclude?: readonly string[];
  /** Longer targets are left out, in bytes. */
  readonly maxBytes?: number | undefined;
}

/** Decides which targets are mirrored. */
export class TargetFilter {
  readonly #include: readonly string[];
  readonly #exclude: readonly string[];
  readonly #maxBytes: number;

  /** Follows `rules`. */
  constructor({ include = [], exclude = [], maxBytes = Infinity }: TargetRules = {}) {
    this.#include = include;
    this.#exclude = exclude;
    this.#maxBytes = maxBytes;
  }

  /** The rules as text, empty when there are none: to tell whether they have changed. */
  get text(): string {
    if (this.#include.length + this.#exclude.length === 0 && this.#maxBytes === Infinity) return "";
    return JSON.stringify([this.#include, this.#exclude, this.#maxBytes]);
  }

  /** Whether a target that is no part of a release is mirrored. */
  passes({ path, length }: Pick<VerifiedTarget, "path" | "length">): boolean {
    return length <= this.#maxBytes && this.#names([path]);
  }

  /**
   * Whether a release is mirrored. It is one thing: a glob that names its archive or its index names both,
   * and neither may be too long.
   */
  passesRelease({ info, index, archive }: CatalogRelease): boolean {
    return Math.max(index.length, archive?.length ?? 0) <= this.#maxBytes &&
      this.#names([info.archive, index.path]);
  }

  #names(paths: readonly string[]): boolean {
    const named = (globs: readonly string[]) =>
      globs.some((glob) => paths.some((path) => matchesGlob(glob, path)));
    return (this.#include.length === 0 || named(this.#include)) && !named(this.#exclude);
  }
}

/**
 * Whether a path matches a glob: segment by segment as TUF's path patterns, and a segment `**` stands for any
 * number of segments, also none. Takes time in proportion to glob × path at worst.
 */
export function matchesGlob(glob: string, path: string): boolean {
  const wanted = glob.split("/");
  const found = path.split("/");
  let at = 0;
  // Where the last `**` stood, and how far what follows it has been tried: backtracking needs no more.
  let spanning = -1;
  let tried = 0;
  for (let next = 0; next < found.length;) {
    if (wanted[at] === "**") {
      spanning = at++;
      tried = next;
    } else if (at < wanted.length && matchesPathPattern(wanted[at]!, found[next]!)) {
      at++;
      next++;
    } else if (spanning >= 0) {
      at = spanning + 1;
      next = ++tried;
    } else {
      return false;
    }
  }
  while (wanted[at] === "**") at++;
  return at === wanted.length;
}
