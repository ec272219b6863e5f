import assert from "node:assert/strict";
import { hasUnseen, plainJson, plainLine, plainText } from "../../src/bytes/mod.ts";

/** What steers a terminal, reorders text, or can't be seen. */
const HOSTILE = [
  "\x1b[2J",
  "\x07",
  "\x9b31m",
  "\x7f",
  "\u202e",
  "\u2066",
  "\u200b",
  "\ufeff",
  "\u2028",
];

Deno.test("text for people shows what can't be seen as its number, and leaves the rest", () => {
  for (const hostile of HOSTILE) {
    const text = `before ${hostile}after`;
    assert.ok(hasUnseen(text));
    assert.ok(!hasUnseen(plainLine(text)), JSON.stringify(hostile));
    assert.match(plainLine(text), /^before \\u\{[\da-f]+\}.*after$/);
  }
  assert.equal(plainLine("a\u202eb"), "a\\u{202e}b");
  assert.equal(plainLine("a\nb\tc\rd"), "a\\u{a}b\\u{9}c\\u{d}d");
  assert.equal(plainText("a\nb\x1bc"), "a\nb\\u{1b}c");
  assert.equal(plainLine("a\ud800b\u{e0041}"), "a\\u{d800}b\\u{e0041}");
  for (const good of ["Größe 12 €", "日本語", "مرحبا", "é"]) assert.equal(plainLine(good), good);
});

Deno.test("JSON says the same with escapes, so that no terminal is steered by it either", () => {
  const value = { name: HOSTILE.join(""), nested: [HOSTILE, "\u{e0041}"], "\u202e": 1 };
  const text = plainJson(value);
  assert.ok(!hasUnseen(text));
  assert.deepEqual(JSON.parse(text), value);
});
