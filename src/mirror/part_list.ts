import { BrecciaError } from "../errors.ts";

/** Of which parts a long file is made. */
export interface PartList {
  /** Length of the whole in bytes. */
  readonly length: number;
  /** In order: SHA-256 in hex, and length in bytes. */
  readonly parts: readonly { readonly sha256: string; readonly bytes: number }[];
}

/** The stored form of a part list: JSON. */
export function encodePartList(list: PartList): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(list));
}

/**
 * Reads what {@linkcode encodePartList} wrote; stores are not trusted to keep it.
 *
 * @throws {BrecciaError} `storage-corrupt` when it is anything else.
 */
export function decodePartList(bytes: Uint8Array, key: string): PartList {
  try {
    const { length, parts } = JSON.parse(new TextDecoder().decode(bytes)) as PartList;
    const sum = parts.reduce((sum, part) => {
      if (!/^[0-9a-f]{64}$/.test(part.sha256)) throw new TypeError("a part has no name");
      return sum + part.bytes;
    }, 0);
    if (sum !== length) throw new TypeError(`its parts make ${sum} bytes of ${length}`);
    return { length, parts };
  } catch (cause) {
    throw new BrecciaError(
      "storage-corrupt",
      `Cannot read ${key} from the store: it is no list of parts; delete it, and it is made again`,
      { cause },
    );
  }
}
