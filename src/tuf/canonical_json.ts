import { sortedKeys } from "./code_points.ts";
import { isJsonObject, type JsonValue } from "./json.ts";

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
  const parts: string[] = [];
  write(value, parts);
  return new TextEncoder().encode(parts.join(""));
}

function write(value: JsonValue, parts: string[]): void {
  if (typeof value === "string") {
    writeString(value, parts);
  } else if (isJsonObject(value)) {
    let separator = "{";
    for (const key of sortedKeys(value)) {
      parts.push(separator);
      writeString(key, parts);
      parts.push(":");
      write(value.get(key) as JsonValue, parts);
      separator = ",";
    }
    parts.push(value.size === 0 ? "{}" : "}");
  } else if (Array.isArray(value)) {
    parts.push("[");
    value.forEach((member, index) => {
      if (index > 0) parts.push(",");
      write(member, parts);
    });
    parts.push("]");
  } else {
    parts.push(String(value));
  }
}

function writeString(text: string, parts: string[]): void {
  const escaped = text.includes('"') || text.includes("\\") ? text.replace(/["\\]/g, "\\$&") : text;
  parts.push('"', escaped, '"');
}
