import { BrecciaError } from "../../src/errors.ts";

/** What a pattern is made of besides `*`: no character that means something else in a URL pattern. */
const LITERALS = /^[A-Za-z0-9._~!$&',;=@/*-]+$/;

const MAX_WILDCARDS = 8;

/** Media types of what browsers run or read; nothing that they would show as a page. */
const WEB_TYPES: ReadonlyMap<string, string> = new Map([
  ["css", "text/css; charset=utf-8"],
  ["js", "text/javascript; charset=utf-8"],
  ["json", "application/json"],
  ["mjs", "text/javascript; charset=utf-8"],
  ["wasm", "application/wasm"],
]);

/**
 * Which targets are web assets whose versions are dictionaries of one another (RFC 9842): patterns of their
 * locations below `/targets/`, in which `*` is any text: `app/*main.js` names `app/HEX.main.js`.
 */
export class DictionaryRules {
  readonly #rules: readonly { readonly pattern: string; readonly literals: readonly string[] }[];

  /**
   * Reads patterns.
   *
   * @throws {BrecciaError} `usage` when one is no pattern.
   */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns.map((pattern) => {
      const literals = pattern.split("*");
      const wildcards = literals.length - 1;
      if (!LITERALS.test(pattern) || pattern.startsWith("/") || wildcards > MAX_WILDCARDS) {
        throw new BrecciaError(
          "usage",
          `"${pattern}" is no pattern of targets: give a path below /targets/ with up to ` +
            `${MAX_WILDCARDS} "*", such as app/*main.js`,
        );
      }
      return { pattern, literals };
    });
  }

  /** The first pattern that `location` matches, as it stands in URLs below `/targets/`. */
  patternOf(location: string): string | undefined {
    return this.#rules.find(({ literals }) => matches(location, literals))?.pattern;
  }
}

/** Media type of a web asset by its name. */
export function webType(location: string): string | undefined {
  return WEB_TYPES.get(location.slice(location.lastIndexOf(".") + 1).toLowerCase());
}

/** Whether `text` is these literals in their order, with any text between two. */
function matches(text: string, [first = "", ...rest]: readonly string[]): boolean {
  if (rest.length === 0) return text === first;
  const last = rest.pop() as string;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const literal of rest) {
    const found = text.indexOf(literal, at);
    if (found === -1) return false;
    at = found + literal.length;
  }
  return at <= text.length - last.length;
}
