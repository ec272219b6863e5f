import { BrecciaError } from "../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/**
 * Typed access to the fields of a JSON object from outside. A field that is missing or of another
 * kind is a `metadata-malformed` error that names it by its path, such as
 * `root.json: signed.roles.timestamp.threshold`.
 */
export class Fields {
  readonly #object: JsonObject;
  /** Path of the object, for errors. */
  readonly path: string;

  /** Reads `value`, which must be an object. */
  constructor(value: JsonValue | undefined, path: string) {
    if (!isJsonObject(value)) throw malformedField(path, "an object");
    this.#object = value;
    this.path = path;
  }

  /** The object itself. */
  get object(): JsonObject {
    return this.#object;
  }

  has(name: string): boolean {
    return this.#object.has(name);
  }

  string(name: string): string {
    const value = this.#object.get(name);
    if (typeof value !== "string") this.fail(name, "a string");
    return value;
  }

  boolean(name: string): boolean {
    const value = this.#object.get(name);
    if (typeof value !== "boolean") this.fail(name, "true or false");
    return value;
  }

  /** An integer of at least `min`. */
  integer(name: string, min: number): number {
    const value = this.#object.get(name);
    if (typeof value !== "number" || value < min) this.fail(name, `an integer of at least ${min}`);
    return value;
  }

  array(name: string): readonly JsonValue[] {
    const value = this.#object.get(name);
    if (!Array.isArray(value)) this.fail(name, "an array");
    return value;
  }

  strings(name: string): readonly string[] {
    const values = this.array(name);
    if (!values.every((value) => typeof value === "string")) this.fail(name, "a list of strings");
    return values;
  }

  /** A list of strings, none of them twice. */
  distinctStrings(name: string): readonly string[] {
    const values = this.strings(name);
    if (new Set(values).size !== values.length) this.fail(name, "a list without repetitions");
    return values;
  }

  fields(name: string): Fields {
    return new Fields(this.#object.get(name), `${this.path}.${name}`);
  }

  /** What `known` does not name, or `undefined` when it names everything. */
  except(...known: readonly string[]): JsonObject | undefined {
    let unknown: Map<string, JsonValue> | undefined;
    for (const [name, value] of this.#object) {
      if (!known.includes(name)) (unknown ??= new Map()).set(name, value);
    }
    return unknown;
  }

  /** Throws: field `name` is not what it should be. */
  fail(name: string, expected: string): never {
    throw malformedField(`${this.path}.${name}`, expected);
  }
}

function malformedField(path: string, expected: string): BrecciaError {
  return new BrecciaError(
    "metadata-malformed",
    `Cannot accept metadata: ${path} must be ${expected}; fetch it from another mirror or tell the publisher`,
  );
}
