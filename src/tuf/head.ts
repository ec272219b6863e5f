import { BrecciaError } from "../errors.ts";
import type { Fields } from "./fields.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** The version of the TUF specification that this code implements and writes. */
export const SPEC_VERSION = "1.0.34";

/** What the signed part of every metadata file has. */
export interface MetadataHead {
  /** The specification it follows; its major version must be ours. */
  readonly specVersion: string;
  /** Counts up from 1 with every change of the file. */
  readonly version: number;
  /** When it stops being valid, in milliseconds since 1970, a whole second. */
  readonly expires: number;
  /** Fields that this version of TUF does not know; they are signed, so they are kept. */
  readonly unknown?: JsonObject;
}

/** Names of the fields of a {@linkcode MetadataHead} and the type beside them. */
export const HEAD_FIELDS = ["_type", "spec_version", "version", "expires"] as const;

/** Reads the fields that all metadata share, and checks that it is of this `type`. */
export function readHead(fields: Fields, type: string): Omit<MetadataHead, "unknown"> {
  const actual = fields.string("_type");
  if (actual !== type) {
    throw new BrecciaError(
      "metadata-mismatch",
      `Cannot accept ${fields.path}: it is ${
        JSON.stringify(actual)
      } metadata where "${type}" belongs; fetch it from another mirror`,
    );
  }
  const specVersion = fields.string("spec_version");
  // TUF 4.3: only a major version may break clients.
  if (!/^1\.\d+(\.\d+)?$/.test(specVersion)) fields.fail("spec_version", "1.x.y");
  return {
    specVersion,
    version: fields.integer("version", 1),
    expires: readDate(fields, "expires"),
  };
}

/** The fields of a {@linkcode MetadataHead} and its type as JSON. */
export function encodeHead(type: string, head: MetadataHead): [string, JsonValue][] {
  return [
    ["_type", type],
    ["spec_version", head.specVersion],
    ["version", head.version],
    ["expires", formatDate(head.expires)],
  ];
}

/** `2030-01-31T12:00:00Z`, the one form of dates that TUF writes (TUF 4.2.1). */
export function formatDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** RFC 3339, section 5.6: go-tuf and tough write fractions, the first roots of sigstore an offset. */
const DATE =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(?:\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Reads any date of RFC 3339. A fraction is cut off: metadata never lives longer than it says. */
function readDate(fields: Fields, name: string): number {
  const text = fields.string(name);
  const [, day = "", minutes = "", seconds = "", zone = ""] = DATE.exec(text) ?? [];
  // A leap second is the second after 59.
  const leap = seconds === "60" ? 1000 : 0;
  const local = `${day}T${minutes}${leap > 0 ? "59" : seconds}Z`;
  const milliseconds = Date.parse(local);
  // `Date.parse` rolls 31 February over to March: such a date does not format back to itself.
  if (Number.isNaN(milliseconds) || formatDate(milliseconds) !== local) {
    fields.fail(name, "a date such as 2030-01-31T12:00:00Z");
  }
  return milliseconds + leap - offsetOf(zone);
}

/** The milliseconds by which a zone such as `+02:00` is ahead. */
function offsetOf(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const [hours, minutes] = zone.slice(1).split(":").map(Number) as [number, number];
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
