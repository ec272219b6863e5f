import { DICTIONARY_LIMITS } from "../../limits.ts";
import type { Catalog } from "./catalog.ts";

/** Former targets that are remembered: each costs 67 bytes of the pointer. */
const REMEMBERED = 512;

/**
 * What an upstream licensed once and does no longer, as far as it may serve as a dictionary (RFC 9842): the
 * store has files of other upstreams too, and what is compressed with one of those would tell of it.
 *
 * @param before The generation before, and what it remembered.
 * @returns SHA-256 in hex, those that left last first.
 */
export function formerTargets(
  before: { readonly catalog: Catalog; readonly former: Iterable<string> } | undefined,
  catalog: Catalog,
): string[] {
  if (before === undefined) return [];
  const current = new Set(namesOf(catalog));
  const former = new Set([...namesOf(before.catalog), ...before.former]);
  return [...former].filter((name) => !current.has(name)).slice(0, REMEMBERED);
}

function* namesOf({ targets }: Catalog): Generator<string> {
  for (const { hashes, length } of targets.values()) {
    const name = hashes.get("sha256");
    if (name !== undefined && length <= DICTIONARY_LIMITS.bytes) yield name;
  }
}
