import assert from "node:assert/strict";
import fc from "fast-check";
import { isBrecciaError } from "../../src/errors.ts";
import { compareVersions, parseVersion, type VersionOrder } from "../../src/index/mod.ts";

/** Each precedes the next. From SemVer 2.0.0 section 11, with numbers past 2^53. */
const SEMVER = [
  "0.0.0-0",
  "0.0.0",
  "1.0.0-alpha",
  "1.0.0-alpha.1",
  "1.0.0-alpha.beta",
  "1.0.0-beta",
  "1.0.0-beta.2",
  "1.0.0-beta.11",
  "1.0.0-rc.1",
  "1.0.0",
  "1.9.0",
  "1.10.0",
  "2.0.0-20261121003512345678",
  "2.0.0-20261121003512345679",
  "2.0.0--",
  "2.0.0",
];

/** Each precedes the next. From PEP 440 and the tests of pypa/packaging. */
const PEP440 = [
  "1.0.dev456",
  "1.0a1.dev2",
  "1.0a1",
  "1.0a2.dev456",
  "1.0a12.dev456",
  "1.0a12",
  "1.0b1.dev456",
  "1.0b2",
  "1.0b2.post345.dev456",
  "1.0b2.post345",
  "1.0rc1.dev456",
  "1.0rc1",
  "1.0",
  "1.0+abc.5",
  "1.0+abc.7",
  "1.0+5",
  "1.0+5.1",
  "1.0.post456.dev34",
  "1.0.post456",
  "1.0.15",
  "1.1.dev1",
  "1.10",
  "1!0.1",
];

const SAME: readonly (readonly [VersionOrder, string, string])[] = [
  ["semver", "1.0.0+a", "1.0.0+b"],
  ["pep440", "1.0", "1.0.0"],
  ["pep440", "1.0-alpha_01", "1.0a1"],
  ["pep440", "1.0.PREVIEW", "1.0rc0"],
  ["pep440", "v1.0-3", "1.0.post3"],
  ["pep440", "1.0.rev", "1.0.post0"],
  ["pep440", "0!1.0-DEV", "1.0.dev0"],
  ["pep440", "1.0+Ubuntu-1", "1.0+ubuntu.1"],
];

const MALFORMED: Record<VersionOrder, readonly string[]> = {
  semver: ["", "1", "1.2", "1.2.3.4", "01.2.3", "v1.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3 "],
  pep440: ["", "1.", ".1", "1.0-", "1.0+", "1.0+a+b", "1.0.x", "1.0a1b2", "1 .0", "1.0\n", "٣.0"],
};

for (const [order, ascending] of [["semver", SEMVER], ["pep440", PEP440]] as const) {
  Deno.test(`${order} versions come in the order of their standard`, () => {
    for (const [i, a] of ascending.entries()) {
      for (const [j, b] of ascending.entries()) {
        const sign = Math.sign(compareVersions(order, a, b));
        assert.equal(sign, Math.sign(i - j), `${a} against ${b}`);
      }
    }
  });

  Deno.test(`a malformed ${order} version is refused with version-malformed`, () => {
    for (const text of [...MALFORMED[order], `1.0.0-${"a".repeat(200)}`, "../1.0.0"]) {
      assert.throws(
        () => parseVersion(order, text),
        (error) => isBrecciaError(error, "version-malformed"),
        JSON.stringify(text),
      );
    }
  });

  Deno.test(`reading any text as ${order} gives a version or version-malformed, in no time`, () => {
    const characters = fc.constantFrom(..."0123456789.-_+!abcrvdepost \u0660");
    fc.assert(fc.property(fc.string({ unit: characters, maxLength: 127 }), (text) => {
      try {
        assert.equal(compareVersions(order, text, text), 0);
      } catch (error) {
        assert.ok(isBrecciaError(error, "version-malformed"));
      }
    }));
  });
}

Deno.test("spellings of one version order the same", () => {
  for (const [order, a, b] of SAME) assert.equal(compareVersions(order, a, b), 0, `${a} and ${b}`);
});
