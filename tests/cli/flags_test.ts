import assert from "node:assert/strict";
import type { FlagTable } from "../../src/cli/flag_table.ts";
import { parseFlags } from "../../src/cli/flags.ts";
import { isBrecciaError } from "../../src/errors.ts";

const TABLE: FlagTable = {
  repo: { type: "string", value: "DIR", help: "a directory" },
  channel: { type: "string", default: "stable", help: "a channel" },
  threshold: { type: "string", multiple: true, help: "a threshold" },
  yes: { type: "boolean", short: "y", help: "no questions" },
};

function parse(words: string[], env: Record<string, string> = {}) {
  return parseFlags(TABLE, words, (name) => env[name]).flags;
}

const isUsage = (error: unknown) => isBrecciaError(error, "usage");

Deno.test("what is typed wins over a variable, and a variable over the default", () => {
  assert.equal(parse(["--channel", "beta"], { BRECCIA_CHANNEL: "dev" }).text("channel"), "beta");
  assert.equal(parse([], { BRECCIA_CHANNEL: "dev" }).text("channel"), "dev");
  assert.equal(parse([]).text("channel"), "stable");
  assert.equal(parse([]).text("repo"), undefined);
});

Deno.test("variables mirror booleans and repeated flags, and a nonsense boolean is refused", () => {
  assert.equal(parse([], { BRECCIA_YES: "1" }).has("yes"), true);
  assert.equal(parse([], { BRECCIA_YES: "0" }).has("yes"), false);
  assert.deepEqual(
    parse([], { BRECCIA_THRESHOLD: "root=2,targets=3" }).integers("threshold", 1, 9),
    new Map([["root", 2], ["targets", 3]]),
  );
  assert.throws(() => parse([], { BRECCIA_YES: "perhaps" }), isUsage);
});

Deno.test("a missing required flag and numbers out of bounds are wrong usage", () => {
  assert.throws(() => parse([]).required("repo"), isUsage);
  for (const value of ["root", "root=", "root=0", "root=10", "root=1=1", "root=x", "=1"]) {
    assert.throws(() => parse(["--threshold", value]).integers("threshold", 1, 9), isUsage, value);
  }
  assert.throws(() => parse(["--channel", "1.5"]).integer("channel", 0, 9), isUsage);
});

Deno.test("a flag named as a property of every object is unknown, not inherited", () => {
  assert.throws(() => parse(["--__proto__"]), isUsage);
  assert.throws(() => parse(["--constructor", "x"]), isUsage);
});
