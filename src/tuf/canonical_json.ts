import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/**
 * The bytes that TUF signs: OLPC canonical JSON, as securesystemslib writes it. No white space; keys
 * in the order of their code points; strings as UTF-8 in which only `"` and `\` are escaped, so that a
 * line feed stands for itself (canonical JSON is not always JSON).
 *
 * @see http://wiki.laptop.org/go/Canonical_JSON
 *
 * ```ts
 * import assert from "node:assert/strict";
 * const bytes = encodeCanonicalJson(new Map<string, string | (number | boolean)[]>([["b", [1, true]], ["a", "\n"]]));
 * assert.equal(new TextDecoder().decode(bytes), '{"a":"\n","b":[1,true]}');
 * ```
 */
export function encodeCanonicalJson(value: JsonValue): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalText(value));
}

function canonicalText(value: JsonValue): string {
  if (typeof value === "string") return canonicalString(value);
  if (isJsonObject(value)) return canonicalObject(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  return String(value);
}

function canonicalObject(object: JsonObject): string {
  let text = "{";
  for (const key of sortedKeys(object)) {
    if (text.length > 1) text += ",";
    text += canonicalString(key) + ":" + canonicalText(object.get(key) as JsonValue);
  }
  return text + "}";
}

function canonicalString(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}

/** The keys of `object` in the order of their code points. */
function sortedKeys(object: ReadonlyMap<string, unknown>): string[] {
  const keys = [...object.keys()];
  // JavaScript sorts by UTF-16 units, which puts U+10000 and above before U+E000: only then is the
  // slower comparison needed.
  return keys.some((key) => /[\ud800-\udfff]/.test(key))
    ? keys.sort(compareCodePoints)
    : keys.sort();
}

function compareCodePoints(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    if (a[i] === b[i]) continue;
    return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
  }
  return a.length - b.length;
}

/** Surrogates rank above every other UTF-16 unit: they encode the highest code points. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
