import { BrecciaError } from "../../errors.ts";
import { openRecord, sealRecord } from "../state/checksummed_record.ts";

/** Of which parts a long file is made. */
export interface PartList {
  /** Length of the whole in bytes. */
  readonly length: number;
  /** In order: SHA-256 in hex, and length in bytes. */
  readonly parts: readonly { readonly sha256: string; readonly bytes: number }[];
}

/** The stored form of a part list: a sealed record. */
export function encodePartList(list: PartList): Promise<Uint8Array<ArrayBuffer>> {
  return sealRecord(list);
}

/**
 * Reads what {@linkcode encodePartList} wrote; stores are not trusted to keep it.
 *
 * @throws {BrecciaError} `storage-corrupt` when it is anything else.
 */
export async function decodePartList(bytes: Uint8Array, key: string): Promise<PartList> {
  const { length, parts } = await openRecord(bytes, key) as PartList;
  const sum = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (sum === length) return { length, parts };
  throw new BrecciaError(
    "storage-corrupt",
    `Cannot read ${key} from the store: its parts make ${sum} bytes of ${length}; delete it, and it is ` +
      `made again`,
  );
}
