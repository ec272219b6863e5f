import assert from "node:assert/strict";
import fc from "fast-check";
import { matchesPathPattern } from "../../src/tuf/path_pattern.ts";

const CASES: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
  ["targets/*.tgz", "targets/foo.tgz", true],
  ["targets/*.tgz", "targets/foo.txt", false],
  ["foo-version-?.tgz", "foo-version-2.tgz", true],
  ["foo-version-?.tgz", "foo-version-alpha.tgz", false],
  ["*.tgz", "foo.tgz", true],
  ["*.tgz", "targets/foo.tgz", false],
  ["*", "a/b", false],
  ["*/*", "a/b", true],
  ["a?b", "a/b", false],
  ["*", "", true],
  ["?", "", false],
  ["**", "ab", true],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-b-b", false],
  ["[ab]", "a", false],
  ["[ab]", "[ab]", true],
  ["a.c", "abc", false],
];

Deno.test("path patterns: `*` and `?` stay within a segment, all else stands for itself", () => {
  for (const [pattern, path, expected] of CASES) {
    assert.equal(matchesPathPattern(pattern, path), expected, `${pattern} on ${path}`);
  }
});

Deno.test("path patterns agree with the regular expression that they stand for", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "/"), maxLength: 8 });
  fc.assert(fc.property(text, text, (pattern, path) => {
    const source = pattern.replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
    assert.equal(matchesPathPattern(pattern, path), new RegExp(`^${source}$`).test(path));
  }));
});

Deno.test("a pattern made to stall a matcher is decided in no time", () => {
  assert.equal(matchesPathPattern("*a".repeat(200) + "b", "a".repeat(2000)), false);
});
