import assert from "node:assert/strict";
import fc from "fast-check";
import { isBrecciaError } from "../../src/errors.ts";
import {
  encodeCanonicalJson,
  isJsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from "../../src/tuf/mod.ts";
import { parseJsonFile } from "../../src/tuf/json_parser.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const scalar = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
);
const { value: anyJson } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(fc.string({ unit: "binary" }), tie("value")), { maxLength: 4 })
      .map((members) => new Map(members)),
  ),
}));

/** Plain objects for maps, to compare with `JSON.parse`. */
function plain(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Array.from(value, ([key, member]) => [key, plain(member)]));
}

// Vectors of securesystemslib's encode_canonical and of the OLPC page.
const CANONICAL: readonly (readonly [json: string, canonical: string])[] = [
  ["{}", "{}"],
  ["[]", "[]"],
  ["[1,2,3]", "[1,2,3]"],
  ['{ "A": [99, null] }', '{"A":[99,null]}'],
  ['{"y":[],"x":3}', '{"x":3,"y":[]}'],
  ['{"x":3,"y":2,"-":true,"":false}', '{"":false,"-":true,"x":3,"y":2}'],
  ['"a\\"b\\\\c"', '"a\\"b\\\\c"'],
  ['"line\\nfeed\\ttab\\u0000\\/"', '"line\nfeed\ttab\0/"'],
  ['"\\u00e9\\ud83d\\ude00"', '"é😀"'],
  ["-7", "-7"],
  ["-0", "0"],
  // U+FF61 sorts before U+1F600, although its UTF-16 units sort after.
  ['{"\\ud83d\\ude00":1,"\\uff61":2,"z":3}', '{"z":3,"｡":2,"😀":1}'],
];

Deno.test("canonical JSON is what the field writes, by vectors", () => {
  for (const [json, canonical] of CANONICAL) {
    assert.equal(decode(encodeCanonicalJson(parseJson(encode(json), json))), canonical);
  }
});

Deno.test("any JSON value survives being written and read", () => {
  fc.assert(fc.property(anyJson, (value) => {
    if (stringifyJson(value).includes("\\u")) fc.pre(stringifyJson(value).isWellFormed());
    assert.deepEqual(parseJson(encode(stringifyJson(value)), "test"), value);
  }));
});

Deno.test("what is read is what JSON.parse reads, whatever the white space", () => {
  fc.assert(fc.property(anyJson, fc.constantFrom(0, 1, "\t"), (value, indent) => {
    const text = JSON.stringify(JSON.parse(stringifyJson(value)), null, indent);
    assert.deepEqual(plain(parseJson(encode(text), "test")), JSON.parse(text));
  }));
});

Deno.test("canonical JSON does not depend on the order of keys", () => {
  fc.assert(fc.property(anyJson, (value) => {
    fc.pre(isJsonObject(value));
    const reversed = new Map([...value as ReadonlyMap<string, JsonValue>].reverse());
    assert.deepEqual(encodeCanonicalJson(reversed), encodeCanonicalJson(value));
  }));
});

Deno.test("a member is taken as canonical only when its bytes are its canonical JSON", () => {
  const forms = fc.constantFrom(
    (text: string) => text,
    (text: string) => text.replace(":", ": "),
    (text: string) => text.replace("1", "-0"),
    (text: string) => text.replace(/"(.)/, '"\\u0041$1'),
    (text: string) => JSON.stringify(JSON.parse(text), null, 1),
  );
  let taken = 0;
  fc.assert(
    fc.property(anyJson, anyJson, forms, (signed, signatures, form) => {
      const text = form(stringifyJson(new Map([["signatures", signatures], ["signed", signed]])));
      let file;
      try {
        file = parseJsonFile(encode(text), "test");
      } catch (error) {
        return assert.ok(isBrecciaError(error, "metadata-malformed"));
      }
      for (const [name, bytes] of file.canonicalMembers) {
        const member = (file.value as ReadonlyMap<string, JsonValue>).get(name) as JsonValue;
        assert.deepEqual(decode(bytes), decode(encodeCanonicalJson(member)));
        taken++;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(taken > 50, `only ${taken} members were taken`);
});

const REFUSED: readonly (readonly [why: string, json: string])[] = [
  ["nothing", ""],
  ["two values", "1 2"],
  ["a fraction", "[1.0]"],
  ["an exponent", "[1e2]"],
  ["a number over 2^53", "9007199254740993"],
  ["a leading zero", "[01]"],
  ["a bare minus", "[-]"],
  ["a duplicate key", '{"a":1,"a":2}'],
  ["a duplicate key, once escaped", '{"a":1,"\\u0061":2}'],
  ["a duplicate __proto__", '{"__proto__":1,"__proto__":2}'],
  ["half a surrogate pair", '"\\ud83d"'],
  ["an unknown escape", '"\\x41"'],
  ["a raw line feed in a string", '"a\nb"'],
  ["a string without end", '"abc'],
  ["a trailing comma", "[1,]"],
  ["a comment", "/* */1"],
  ["NaN", "NaN"],
  ["a byte-order mark", "\ufeff1"],
  ["nesting of 65 levels", "[".repeat(65) + "]".repeat(65)],
];

for (const [why, json] of REFUSED) {
  Deno.test(`JSON with ${why} is refused`, () => {
    assert.throws(
      () => parseJson(encode(json), "test.json"),
      (error) => isBrecciaError(error, "metadata-malformed"),
    );
  });
}

Deno.test("arbitrary bytes are read as JSON.parse would, or refused with our error", () => {
  const texts = fc.string({ unit: fc.constantFrom(...'{}[]",:0123456789-.eE\\utrnfals \n') });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), texts.map(encode)), (bytes) => {
      try {
        const value = parseJson(bytes, "test");
        assert.deepEqual(
          plain(value),
          JSON.parse(decode(bytes), (_, item) => item === 0 ? 0 : item),
        );
      } catch (error) {
        assert.ok(isBrecciaError(error, "metadata-malformed"), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("__proto__ and constructor are keys like any other", () => {
  const value = parseJson(encode('{"__proto__":{"x":1},"constructor":2}'), "test");
  assert.ok(isJsonObject(value));
  assert.deepEqual([...value.keys()], ["__proto__", "constructor"]);
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
});
