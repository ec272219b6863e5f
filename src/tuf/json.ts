import { sortedKeys } from "./code_points.ts";

/** A JSON value as TUF metadata holds it: numbers are safe integers, objects are maps. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. A map, so that a key named `__proto__` is a key like any other. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** True when `value` is a JSON object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** An object of `fields`, without the undefined ones, and then of `unknown`, kept from when it was read. */
export function jsonObject(
  fields: Iterable<readonly [string, JsonValue | undefined]>,
  unknown: JsonObject | undefined,
): JsonObject {
  const object = new Map<string, JsonValue>();
  for (const [name, value] of fields) if (value !== undefined) object.set(name, value);
  for (const [name, value] of unknown ?? []) object.set(name, value);
  return object;
}

/** The compact JSON text of `value`, keys in the order of their code points. */
export function stringifyJson(value: JsonValue): string {
  if (isJsonObject(value)) {
    const members = sortedKeys(value).map((key) =>
      `${JSON.stringify(key)}:${stringifyJson(value.get(key) as JsonValue)}`
    );
    return `{${members.join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(",")}]`;
  return JSON.stringify(value);
}
