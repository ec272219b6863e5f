import { parseArgs } from "node:util";
import { BrecciaError } from "../errors.ts";
import type { Flag, FlagTable } from "./flag_table.ts";

/** Flags that every command has. */
export const GLOBAL_FLAGS: FlagTable = {
  json: { type: "boolean", help: "Print JSON on stdout, for programs" },
  quiet: { type: "boolean", short: "q", help: "Print errors only" },
  help: { type: "boolean", short: "h", help: "Show this" },
};

/** The flags of one call: what was typed first, then `BRECCIA_…` variables, then defaults. */
export class Flags {
  readonly #given: ReadonlyMap<string, readonly string[] | boolean>;
  readonly #defaults: ReadonlyMap<string, readonly string[]>;
  readonly #typed: ReadonlySet<string>;

  /**
   * Holds flags by name: booleans, and strings in the order they were given.
   *
   * @param typed Those of `given` that are no variables.
   */
  constructor(
    given: ReadonlyMap<string, readonly string[] | boolean>,
    defaults: ReadonlyMap<string, readonly string[]>,
    typed: ReadonlySet<string>,
  ) {
    this.#given = given;
    this.#defaults = defaults;
    this.#typed = typed;
  }

  /** True when `name` was typed. */
  isTyped(name: string): boolean {
    return this.#typed.has(name);
  }

  /** True when `name` was typed, or set by its variable: its value is no default. */
  isGiven(name: string): boolean {
    return this.#given.has(name);
  }

  /** True when the boolean flag `name` is set. */
  has(name: string): boolean {
    return this.#given.get(name) === true;
  }

  /** Every value of `name`, in the order given. */
  texts(name: string): readonly string[] {
    const values = this.#given.get(name) ?? this.#defaults.get(name);
    return Array.isArray(values) ? values : [];
  }

  /** The value of `name`, or `undefined`; the last one when it was given twice. */
  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  /**
   * The value of `name`.
   *
   * @throws {BrecciaError} `usage` when it is missing.
   */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") {
      throw new BrecciaError(
        "usage",
        `--${name} is missing: give it, or set ${variableOf(name)}`,
      );
    }
    return value;
  }

  /**
   * The value of `name` as a whole number, or `undefined`.
   *
   * @throws {BrecciaError} `usage` when it is no number from `least` to `most`.
   */
  integer(name: string, least: number, most: number): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : parseInteger(`--${name}`, value, least, most);
  }

  /**
   * The values of a flag of the form `NAME=NUMBER`, given any number of times.
   *
   * @throws {BrecciaError} `usage` when one has another form or a number out of bounds.
   */
  integers(name: string, least: number, most: number): ReadonlyMap<string, number> {
    const numbers = new Map<string, number>();
    for (const text of this.texts(name)) {
      const [key, value, rest] = text.split("=");
      if (!key || value === undefined || rest !== undefined) {
        throw new BrecciaError("usage", `--${name} ${text} is not of the form NAME=NUMBER`);
      }
      numbers.set(key, parseInteger(`--${name} ${key}`, value, least, most));
    }
    return numbers;
  }
}

/** The environment variable that mirrors a flag: `BRECCIA_LISTEN` for `--listen`. */
export function variableOf(flag: string): string {
  return `BRECCIA_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * Reads the words after a command's name.
 *
 * @throws {BrecciaError} `usage` on an unknown flag or a missing value.
 */
export function parseFlags(
  table: FlagTable,
  words: readonly string[],
  env: (name: string) => string | undefined,
): { flags: Flags; operands: string[] } {
  const all = new Map(Object.entries({ ...table, ...GLOBAL_FLAGS }));
  const { values, positionals } = parseWords(all, words);
  const given = new Map<string, readonly string[] | boolean>();
  const defaults = new Map<string, readonly string[]>();
  for (const [name, flag] of all) {
    const value = values.get(name) ?? valueFrom(env(variableOf(name)), name, flag);
    if (value !== undefined) given.set(name, value);
    else if (flag.default !== undefined) defaults.set(name, [flag.default]);
  }
  return { flags: new Flags(given, defaults, new Set(values.keys())), operands: positionals };
}

function parseWords(all: ReadonlyMap<string, Flag>, words: readonly string[]) {
  const options = Object.fromEntries(
    [...all].map(([name, { type, short }]) => [
      name,
      { type, multiple: type === "string", ...(short === undefined ? {} : { short }) },
    ]),
  );
  try {
    const parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
    const values = new Map(Object.entries(parsed.values) as [string, string[] | boolean][]);
    return { values, positionals: parsed.positionals };
  } catch (cause) {
    // parseArgs says what is wrong in its first sentence; the rest is advice for shells.
    const why = cause instanceof Error ? cause.message.split(/\. |\n/)[0] : String(cause);
    throw new BrecciaError("usage", `${why}; see --help`, { cause });
  }
}

function valueFrom(
  text: string | undefined,
  name: string,
  flag: Flag,
): readonly string[] | boolean | undefined {
  if (text === undefined || text === "") return undefined;
  if (flag.type === "string") return flag.multiple ? text.split(",") : [text];
  if (/^(1|true|yes)$/i.test(text)) return true;
  if (/^(0|false|no)$/i.test(text)) return false;
  throw new BrecciaError("usage", `${variableOf(name)} is "${text}": set it to 1 or 0`);
}

function parseInteger(what: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new BrecciaError(
      "usage",
      `${what} is "${text}": give a whole number from ${least} to ${most}`,
    );
  }
  return value;
}
