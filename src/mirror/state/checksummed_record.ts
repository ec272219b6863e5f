import { encodeHex, sha256 } from "../../bytes/mod.ts";
import { BrecciaError } from "../../errors.ts";

/** Length of the digest in hex and the line feed behind it. */
const SEAL_BYTES = 65;

/**
 * The stored form of an edge's own small records, which no signature covers: SHA-256 of the rest in hex, a
 * line feed, then JSON. A flipped bit must not turn one record into another that reads well.
 */
export async function sealRecord(record: unknown): Promise<Uint8Array<ArrayBuffer>> {
  const json = new TextEncoder().encode(JSON.stringify(record));
  const sealed = new Uint8Array(SEAL_BYTES + json.length);
  sealed.set(new TextEncoder().encode(`${encodeHex(await sha256(json))}\n`));
  sealed.set(json, SEAL_BYTES);
  return sealed;
}

/**
 * What {@linkcode sealRecord} was given.
 *
 * @param key Where it was stored, for the message.
 * @throws {BrecciaError} `storage-corrupt` when any bit of it differs.
 */
export async function openRecord(sealed: Uint8Array, key: string): Promise<unknown> {
  const json = sealed.slice(SEAL_BYTES);
  const seal = new TextDecoder().decode(sealed.subarray(0, SEAL_BYTES));
  if (seal !== `${encodeHex(await sha256(json))}\n`) {
    throw new BrecciaError(
      "storage-corrupt",
      `Cannot read "${key}" from the store: it is damaged; delete it, and the edge makes it again`,
    );
  }
  return JSON.parse(new TextDecoder().decode(json));
}
