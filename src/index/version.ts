import { BrecciaError } from "../errors.ts";
import { IDENTITY_BYTES } from "./index_format.ts";
import { comparePep440, parsePep440, type Pep440 } from "./pep440.ts";
import { compareSemVer, parseSemVer, type SemVer } from "./semver.ts";

/** How versions of an app are ordered. */
export type VersionOrder = "semver" | "pep440";

/** A version that was read by the order of its app. */
export type Version = SemVer | Pep440;

/**
 * Reads a version: SemVer 2.0.0 in its strict grammar, or PEP 440 in any spelling that it permits.
 *
 * @throws {BrecciaError} `version-malformed`
 */
export function parseVersion(order: VersionOrder, text: string): Version {
  const version = readVersion(order, text);
  if (version === undefined) {
    const shown = JSON.stringify(text.slice(0, 100));
    throw new BrecciaError(
      "version-malformed",
      order === "semver"
        ? `Cannot read the version ${shown}: write it by SemVer 2.0.0, as 1.4.0 or 2.0.0-rc.1`
        : `Cannot read the version ${shown}: write it by PEP 440, as 1.4 or 2.0rc1`,
    );
  }
  return version;
}

/** True when `text` is a version of the order. */
export function isVersion(order: VersionOrder, text: string): boolean {
  return readVersion(order, text) !== undefined;
}

function readVersion(order: VersionOrder, text: string): Version | undefined {
  if (text.length > IDENTITY_BYTES) return undefined;
  return order === "semver" ? parseSemVer(text) : parsePep440(text);
}

/**
 * Negative when version `a` comes before `b`, positive when it comes after, 0 when they order the
 * same (1.0 and 1.0.0 by PEP 440; builds of one version by SemVer).
 *
 * ```ts
 * import assert from "node:assert/strict";
 * assert.ok(compareVersions("semver", "1.10.0", "1.9.0") > 0);
 * assert.ok(compareVersions("pep440", "1.0rc1", "1.0") < 0);
 * assert.equal(compareVersions("pep440", "1.0", "1.0.0"), 0);
 * ```
 *
 * @throws {BrecciaError} `version-malformed`
 */
export function compareVersions(order: VersionOrder, a: string, b: string): number {
  return compareParsed(parseVersion(order, a), parseVersion(order, b));
}

function compareParsed(a: Version, b: Version): number {
  if (a.order === "semver" && b.order === "semver") return compareSemVer(a, b);
  if (a.order === "pep440" && b.order === "pep440") return comparePep440(a, b);
  throw new TypeError("versions of two orders have no order");
}
