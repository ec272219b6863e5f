import { BrecciaError } from "../../src/errors.ts";

/** An object of a configuration file, read field by field. What is wrong is told by one sentence that names the field. */
export class ConfigFields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #file: string;
  readonly #where: string;

  private constructor(fields: ReadonlyMap<string, unknown>, file: string, where: string) {
    this.#fields = fields;
    this.#file = file;
    this.#where = where;
  }

  /**
   * The fields of a JSON text.
   *
   * @param file What to call it in errors.
   * @throws {BrecciaError} `usage` when it is no JSON object, or has a field that is none of `known`.
   */
  static parse(text: string, file: string, known: readonly string[]): ConfigFields {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new BrecciaError("usage", `Cannot use ${file}: it is no JSON (${why}); mend it`);
    }
    return ConfigFields.#of(value, { file, where: "", known });
  }

  static #of(
    value: unknown,
    { file, where, known }: {
      readonly file: string;
      readonly where: string;
      readonly known: readonly string[];
    },
  ): ConfigFields {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const fields = new Map(isObject ? Object.entries(value) : []);
    const read = new ConfigFields(fields, file, where);
    if (!isObject) throw read.refusal("", "is no object; put it into { }");
    for (const name of fields.keys()) {
      if (known.includes(name)) continue;
      throw read.refusal(name, `is no setting; those there are: ${known.join(", ")}`);
    }
    return read;
  }

  /** The objects in the list `name`, each with its fields; empty when it is missing. */
  objects(name: string, known: readonly string[]): ConfigFields[] {
    return this.#list(name).map((value, at) =>
      ConfigFields.#of(value, { file: this.#file, where: `${this.#path(name)}[${at}]`, known })
    );
  }

  /** The text under `name`, or `undefined`. */
  text(name: string): string | undefined {
    const value = this.#fields.get(name);
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "") return value;
    throw this.refusal(name, "is no text; put it between quotation marks");
  }

  /** The text under `name`; `what` tells what to give when it is missing. */
  required(name: string, what: string): string {
    const text = this.text(name);
    if (text === undefined) throw this.refusal(name, `is missing; give ${what}`);
    return text;
  }

  /** The texts in the list `name`, also of a single one without a list; empty when it is missing. */
  texts(name: string): readonly string[] {
    if (typeof this.#fields.get(name) === "string") return [this.text(name) as string];
    return this.#list(name).map((value, at) => {
      if (typeof value === "string" && value !== "") return value;
      throw this.refusal(`${name}[${at}]`, "is no text; put it between quotation marks");
    });
  }

  /** The whole number under `name`, or `undefined`. */
  integer(name: string, least: number, most: number): number | undefined {
    const value = this.#fields.get(name);
    if (value === undefined) return undefined;
    if (Number.isInteger(value) && value as number >= least && value as number <= most) {
      return value as number;
    }
    throw this.refusal(name, `is no whole number from ${least} to ${most}; give one`);
  }

  /** What is wrong with the field `name`, as the error to throw: `why` follows the field. */
  refusal(name: string, why: string): BrecciaError {
    const what = name === "" ? this.#where || "it" : this.#path(name);
    return new BrecciaError("usage", `Cannot use ${this.#file}: ${what} ${why}`);
  }

  #list(name: string): readonly unknown[] {
    const value = this.#fields.get(name) ?? [];
    if (Array.isArray(value)) return value;
    throw this.refusal(name, "is no list; put it between [ and ]");
  }

  #path(name: string): string {
    return this.#where === "" ? name : `${this.#where}.${name}`;
  }
}
