import { BrecciaError } from "../errors.ts";
import { METADATA_LIMITS } from "../limits.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** JSON as it was read, with what is known of the bytes that it was read from. */
export interface ParsedJson {
  /** What the bytes say. */
  readonly value: JsonValue;
  /**
   * Members of the outermost object that are written in canonical JSON, with their bytes: what signs
   * them needs no encoding. A member may be missing although it is canonical.
   */
  readonly canonicalMembers: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads JSON from untrusted bytes, more strictly than `JSON.parse`: UTF-8 without a byte-order mark,
 * no duplicate keys, no lone surrogates, integers of at most 2^53 − 1 (canonical JSON has no other
 * numbers), and nesting of at most `METADATA_LIMITS.jsonDepth`. So two readers of the same bytes can't
 * disagree about what was signed.
 *
 * @param name What the bytes are, for the error: `"timestamp.json"`.
 * @throws {BrecciaError} `metadata-malformed`.
 */
export function parseJsonFile(bytes: Uint8Array, name: string): ParsedJson {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw malformed(name, "it is not UTF-8", cause);
  }
  const parser = new JsonParser(text, name);
  const value = parser.parse();
  const canonicalMembers = new Map<string, Uint8Array>();
  // Only where each character is one byte are places in the text places in the bytes, and JavaScript's
  // order of keys that of code points.
  if (text.length === bytes.length) {
    for (const [key, { start, end }] of parser.canonical) {
      canonicalMembers.set(key, bytes.subarray(start, end));
    }
  }
  return { value, canonicalMembers };
}

/**
 * The value that `parseJsonFile` reads.
 *
 * @throws {BrecciaError} `metadata-malformed`.
 */
export function parseJson(bytes: Uint8Array, name: string): JsonValue {
  return parseJsonFile(bytes, name).value;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

class JsonParser {
  readonly #text: string;
  readonly #name: string;
  /** True when no character of the text can need a second look within a string. */
  readonly #plain: boolean;
  #at = 0;
  #depth = 0;
  /** Where the text was last seen not to be canonical. */
  #lastDeviation = -1;
  /** Where each member of the outermost object stands, if it is written in canonical JSON. */
  readonly canonical = new Map<string, { readonly start: number; readonly end: number }>();

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
    this.#plain = !/[^ -\u{10ffff}]|\\/u.test(text);
  }

  parse(): JsonValue {
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail("something follows the end of its JSON");
    return value;
  }

  #value(): JsonValue {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#nested(() => this.#object());
      case "[":
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#integer();
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > METADATA_LIMITS.jsonDepth) {
      this.#fail(`it nests deeper than ${METADATA_LIMITS.jsonDepth} levels`);
    }
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): JsonObject {
    const object = new Map<string, JsonValue>();
    if (this.#closes(0x7d)) return object;
    let previous: string | undefined;
    while (true) {
      this.#skipSpace();
      const key = this.#string();
      if (previous !== undefined && previous >= key) this.#lastDeviation = this.#at;
      previous = key;
      this.#skipSpace();
      this.#expect(COLON, "a colon is missing after a key");
      const size = object.size;
      const start = this.#at;
      object.set(key, this.#value());
      if (object.size === size) this.#fail(`it has the key ${JSON.stringify(key)} twice`);
      if (this.#depth === 1 && this.#lastDeviation < start) {
        this.canonical.set(key, { start, end: this.#at });
      }
      if (this.#closes(0x7d)) return object;
      this.#expect(COMMA, "a comma is missing in an object");
    }
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = [];
    if (this.#closes(0x5d)) return array;
    while (true) {
      array.push(this.#value());
      if (this.#closes(0x5d)) return array;
      this.#expect(COMMA, "a comma is missing in an array");
    }
  }

  #string(): string {
    this.#expect(QUOTE, "a string is missing");
    const start = this.#at;
    if (this.#plain) {
      const end = this.#text.indexOf('"', start);
      if (end < 0) this.#fail("a string has no end");
      this.#at = end + 1;
      return this.#text.slice(start, end);
    }
    for (let at = start;; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return this.#text.slice(start, at);
      }
      if (code === BACKSLASH) return this.#escapedString(start, at);
      this.#refuseControl(code);
    }
  }

  #escapedString(start: number, firstEscape: number): string {
    // Canonical JSON has escapes too, but other ones.
    this.#lastDeviation = firstEscape;
    let string = this.#text.slice(start, firstEscape);
    this.#at = firstEscape;
    while (true) {
      const code = this.#text.charCodeAt(this.#at++);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        string += this.#escape();
      } else {
        this.#refuseControl(code);
        string += this.#text[this.#at - 1];
      }
    }
    if (!string.isWellFormed()) this.#fail("a string holds half of a surrogate pair");
    return string;
  }

  #escape(): string {
    const letter = this.#text[this.#at++] ?? "";
    if (letter !== "u") return ESCAPES.get(letter) ?? this.#fail("a string has an unknown escape");
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail("a string has a broken \\u escape");
    this.#at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }

  #integer(): number {
    const start = this.#at;
    const negative = this.#text[start] === "-";
    if (negative) this.#at++;
    const digits = this.#at;
    let value = 0;
    for (let digit = 0; (digit = this.#text.charCodeAt(this.#at) - 0x30) >= 0 && digit <= 9;) {
      value = value * 10 + digit;
      this.#at++;
    }
    if (this.#at === digits) this.#fail("a value is missing or is no JSON");
    if (this.#text[digits] === "0" && this.#at > digits + 1) this.#fail("a number begins with 0");
    if (/[.eE]/.test(this.#text[this.#at] ?? "")) this.#fail("a number is no integer");
    if (!Number.isSafeInteger(value)) this.#fail("a number is larger than 2^53 − 1");
    if (negative && value === 0) this.#lastDeviation = start;
    return negative && value !== 0 ? -value : value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail("a value is no JSON");
    this.#at += word.length;
    return value;
  }

  #closes(bracket: number): boolean {
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== bracket) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (true) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#lastDeviation = this.#at++;
    }
  }

  #expect(code: number, otherwise: string): void {
    if (this.#text.charCodeAt(this.#at) !== code) this.#fail(otherwise);
    this.#at++;
  }

  #refuseControl(code: number): void {
    if (!(code >= 0x20)) this.#fail("a string has no end or holds a control character");
  }

  #fail(why: string): never {
    throw malformed(this.#name, `at character ${this.#at}, ${why}`);
  }
}

function malformed(name: string, why: string, cause?: unknown): BrecciaError {
  return new BrecciaError(
    "metadata-malformed",
    `Cannot read ${name}: ${why}; fetch it from another mirror or tell the publisher`,
    { cause },
  );
}
