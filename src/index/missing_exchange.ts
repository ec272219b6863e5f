import {
  ByteReader,
  ByteWriter,
  compareBytes,
  encodeHex,
  equalBytes,
  SHA256_BYTES,
} from "../bytes/mod.ts";
import { EXCHANGE_LIMITS } from "../limits.ts";

/** Media type of a request for what is missing (docs/formats/chunk-exchange.md). */
export const MISSING_REQUEST_TYPE = "application/vnd.breccia.missing-request";

/** Media type of the answer: two u32, then for each chunk its number, a u32 length and so many bytes. */
export const MISSING_STREAM_TYPE = "application/vnd.breccia.missing-chunks";

/** Bytes of a chunk's hash that name it among those that a client has. */
export const PREFIX_BYTES = 8;

/** What a client wants, and what it has. */
export interface MissingRequest {
  /** SHA-256 of the release index, or of the large target, that is wanted; 32 bytes. */
  readonly index: Uint8Array;
  /** Number of the first chunk to look at: an answer says where it stopped. */
  readonly first: number;
  /** SHA-256 of release indexes and large targets whose chunks the client has, all of them. */
  readonly held: readonly Uint8Array[];
  /** The first 8 bytes of the hash of each other chunk that it has; in any order. */
  readonly prefixes: readonly Uint8Array[];
}

/** The body of a request for what is missing. */
export function encodeMissingRequest(request: MissingRequest): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  out.bytes(request.index);
  out.varint(request.first);
  out.varint(request.held.length);
  for (const hash of request.held) out.bytes(hash);
  const prefixes = request.prefixes.toSorted(compareBytes)
    .filter((prefix, at, all) => at === 0 || !equalBytes(prefix, all[at - 1] as Uint8Array));
  out.varint(prefixes.length);
  for (const prefix of prefixes) out.bytes(prefix);
  return out.finish();
}

/**
 * Reads the body of a request for what is missing.
 *
 * @throws {BrecciaError} `http-malformed` when it is broken, its prefixes don't ascend, it names what is held twice, or it is over a
 * bound of {@linkcode EXCHANGE_LIMITS}.
 */
export function decodeMissingRequest(body: Uint8Array): MissingRequest {
  const reader = new ByteReader(body, "request for missing chunks", "http-malformed");
  const index = reader.bytes(SHA256_BYTES);
  const first = reader.varint(2 ** 31);
  const count = reader.varint(EXCHANGE_LIMITS.heldIndexes);
  const held = Array.from({ length: count }, () => reader.bytes(SHA256_BYTES));
  if (new Set(held.map(encodeHex)).size < count) reader.fail("what is held is named again");
  const prefixes: Uint8Array[] = [];
  for (let left = reader.varint(EXCHANGE_LIMITS.prefixes); left > 0; left--) {
    const prefix = reader.bytes(PREFIX_BYTES);
    const last = prefixes.at(-1);
    if (last !== undefined && compareBytes(last, prefix) >= 0) {
      reader.fail("prefixes of chunks do not ascend");
    }
    prefixes.push(prefix);
  }
  reader.end();
  return { index, first, held, prefixes };
}
