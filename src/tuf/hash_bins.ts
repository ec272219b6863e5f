import type { Fields } from "./fields.ts";
import { type JsonObject, jsonObject } from "./json.ts";
import { encodeRoleKeys, readRoleKeys, type RoleKeys } from "./role.ts";

/**
 * Succinct hash bins (TAP 15): 2^`bitLength` delegated roles that share their keys. The first bits of
 * the SHA-256 of a target's path say which of them speaks for it.
 */
export interface HashBins extends RoleKeys {
  /** From 1 to 32. */
  readonly bitLength: number;
  /** The bins are named `PREFIX-0a`, with as many hexadecimal digits as the last one needs. */
  readonly namePrefix: string;
  /** Signed fields that this version of TUF does not know. */
  readonly unknown?: JsonObject;
}

/** Reads the field `succinct_roles` of a delegation. */
export function readHashBins(fields: Fields): HashBins {
  const unknown = fields.except("keyids", "threshold", "bit_length", "name_prefix");
  const bitLength = fields.integer("bit_length", 1);
  if (bitLength > 32) fields.fail("bit_length", "an integer from 1 to 32");
  return {
    ...readRoleKeys(fields),
    bitLength,
    namePrefix: fields.string("name_prefix"),
    ...(unknown && { unknown }),
  };
}

/** The field `succinct_roles` of a delegation. */
export function encodeHashBins(bins: HashBins): JsonObject {
  return jsonObject([
    ...encodeRoleKeys(bins),
    ["bit_length", bins.bitLength],
    ["name_prefix", bins.namePrefix],
  ], bins.unknown);
}

/** The bin that speaks for a target whose path has this SHA-256 (hex). */
export function binRole(
  bins: HashBins,
  pathHash: string,
): RoleKeys & { readonly name: string; readonly terminating: boolean } {
  const bin = parseInt(pathHash.slice(0, 8), 16) / 2 ** (32 - bins.bitLength);
  // Each bin is the only one for its targets: nothing can follow it, so it terminates.
  return { ...bins, name: binName(bins, Math.floor(bin)), terminating: true };
}

/** The name of bin number `bin`, from 0. */
export function binName(bins: HashBins, bin: number): string {
  const digits = Math.ceil(bins.bitLength / 4);
  return `${bins.namePrefix}-${bin.toString(16).padStart(digits, "0")}`;
}

/** True when `role` is the name of one of these bins. */
export function isBinName(bins: HashBins, role: string): boolean {
  const suffix = role.slice(bins.namePrefix.length + 1);
  const bin = /^[0-9a-f]+$/.test(suffix) ? parseInt(suffix, 16) : NaN;
  return bin < 2 ** bins.bitLength && binName(bins, bin) === role;
}
