import { sha512 } from "@noble/hashes/sha2.js";
import { createSha256, encodeHex, type IncrementalSha256, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { CONTENT_LIMITS, METADATA_LIMITS } from "../limits.ts";
import type { ByteRange, ObjectStore } from "../ports/mod.ts";
import { gather } from "./gather.ts";
import { decodePartList, encodePartList, type PartList } from "./part_list.ts";
import { checkDigests, type LicensedFile, objectName, VerifiedObject } from "./verified_object.ts";

/** A verified file as it can be served. */
export interface ServedFile {
  /** Length in bytes. */
  readonly size: number;
  /** Names the content: equal tags mean equal bytes. */
  readonly etag: string;
  /** The bytes of `range`, which lies inside the file, in order. */
  read(range: ByteRange, signal?: AbortSignal): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** Kinds of content, which are the folders it is stored in. */
export type ContentKind = "packs" | "deltas" | "targets";

/** Files up to this length are one object; longer ones are stored in parts. */
const WHOLE_BYTES = CONTENT_LIMITS.packBytes;

/** Length of all parts but the last. */
const PART_BYTES = 4 * 1024 * 1024;

/** How much of an object is read at a time while it is sent. */
const READ_BYTES = 1024 * 1024;

/**
 * Verified content in a store. Only what has its signed digests gets the name under which it is read.
 *
 * A file of up to 16 MiB is one object, `KIND/HASH`. A longer one is streamed into `parts/HASH` objects,
 * each named by its own digest, and becomes readable when the whole is verified and its list of parts,
 * `KIND/HASH.parts`, is written.
 */
export class ContentStore {
  readonly #store: ObjectStore;

  /** Keeps content in `store`. */
  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** True when the file is there. */
  async has(kind: ContentKind, file: LicensedFile): Promise<boolean> {
    const key = keyOf(kind, file);
    return await this.#store.head(isWhole(file) ? key : `${key}.parts`) !== undefined;
  }

  /** The file, or `undefined` when it is not there. */
  async open(kind: ContentKind, file: LicensedFile): Promise<ServedFile | undefined> {
    const key = keyOf(kind, file);
    const etag = objectName(file);
    if (!isWhole(file)) return await this.#openParts(`${key}.parts`, file.length, etag);
    if (file.length <= READ_BYTES / 4) return await this.#openSmall(key, file.length, etag);
    const info = await this.#store.head(key);
    if (info?.size !== file.length) return undefined;
    const read = (range: ByteRange, signal?: AbortSignal) => this.#readObject(key, range, signal);
    return { size: file.length, etag, read };
  }

  /** Keys of the objects that a file is stored in, as far as they are known. */
  async *keysOf(kind: ContentKind, file: LicensedFile): AsyncGenerator<string> {
    const key = keyOf(kind, file);
    if (isWhole(file)) {
      yield key;
      return;
    }
    const list = await this.#store.get(`${key}.parts`);
    if (list === undefined) return;
    yield `${key}.parts`;
    for (const { sha256 } of decodePartList(list.bytes, key).parts) yield `parts/${sha256}`;
  }

  /** Keeps a verified file of up to 16 MiB. */
  async put(kind: ContentKind, file: LicensedFile, verified: VerifiedObject): Promise<void> {
    await this.#store.put(keyOf(kind, file), verified.bytes);
  }

  /**
   * Keeps a file as it arrives, and makes it readable once it is verified.
   *
   * @throws {BrecciaError} `target-mismatch` (`delta-mismatch` for deltas) when it is not what is
   * licensed; the storage family; what `body` throws.
   */
  async ingest(
    kind: ContentKind,
    file: LicensedFile,
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const what = `${kind}/${objectName(file).slice(0, 16)}…`;
    const code = kind === "deltas" ? "delta-mismatch" : "target-mismatch";
    if (isWhole(file)) {
      const bytes = await gather(body, file.length);
      await this.put(kind, file, await VerifiedObject.verify(bytes, file, what, code));
      return;
    }
    const digests = wholeDigests(file);
    const parts: PartList["parts"][number][] = [];
    let length = 0;
    for await (const part of cutParts(body)) {
      length += part.length;
      for (const digest of digests.values()) digest.update(part);
      const name = encodeHex(await sha256(part));
      await this.#store.put(`parts/${name}`, part);
      parts.push({ sha256: name, bytes: part.length });
    }
    const actual = new Map([...digests].map(([name, hash]) => [name, encodeHex(hash.digest())]));
    checkDigests(actual, file, what, code);
    await this.#store.put(`${keyOf(kind, file)}.parts`, encodePartList({ length, parts }));
  }

  /** One read instead of a look and a read. */
  async #openSmall(key: string, size: number, etag: string): Promise<ServedFile | undefined> {
    const object = await this.#store.get(key);
    if (object?.bytes.length !== size) return undefined;
    const { bytes } = object;
    return {
      size,
      etag,
      async *read({ offset, length }: ByteRange) {
        yield offset === 0 && length === size ? bytes : bytes.slice(offset, offset + length);
      },
    };
  }

  async #openParts(key: string, size: number, etag: string): Promise<ServedFile | undefined> {
    const stored = await this.#store.get(key);
    if (stored === undefined || stored.size > METADATA_LIMITS.snapshotBytes) return undefined;
    const list = decodePartList(stored.bytes, key);
    if (list.length !== size) return undefined;
    return { size, etag, read: (range, signal) => this.#readParts(list, range, signal) };
  }

  async *#readParts(
    { parts }: PartList,
    { offset, length }: ByteRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let start = 0;
    for (const part of parts) {
      const from = Math.max(offset - start, 0);
      const to = Math.min(offset + length - start, part.bytes);
      if (from < to) {
        yield* this.#readObject(
          `parts/${part.sha256}`,
          { offset: from, length: to - from },
          signal,
        );
      }
      start += part.bytes;
    }
  }

  async *#readObject(
    key: string,
    { offset, length }: ByteRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let read = 0; read < length;) {
      const range = { offset: offset + read, length: Math.min(READ_BYTES, length - read) };
      const object = await this.#store.get(key, { range, ...(signal && { signal }) });
      if (object?.bytes.length !== range.length) {
        throw new BrecciaError(
          "storage-corrupt",
          `Cannot read ${key} from the store: bytes ${range.offset}+${range.length} are missing; ` +
            `delete it, and it is fetched again`,
        );
      }
      read += range.length;
      yield object.bytes;
    }
  }
}

function keyOf(kind: ContentKind, file: LicensedFile): string {
  return `${kind}/${objectName(file)}`;
}

function isWhole({ length }: LicensedFile): boolean {
  return length <= WHOLE_BYTES;
}

function wholeDigests({ hashes }: LicensedFile): Map<string, IncrementalSha256> {
  const digests = new Map<string, IncrementalSha256>();
  if (hashes.has("sha256")) digests.set("sha256", createSha256());
  // WebCrypto has no incremental digest; only repositories without SHA-256 pay for the portable one.
  else if (hashes.has("sha512")) digests.set("sha512", sha512.create());
  return digests;
}

async function* cutParts(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let part = new Uint8Array(PART_BYTES);
  let filled = 0;
  for await (const bytes of body) {
    for (let taken = 0; taken < bytes.length;) {
      const count = Math.min(bytes.length - taken, PART_BYTES - filled);
      part.set(bytes.subarray(taken, taken + count), filled);
      taken += count;
      filled += count;
      if (filled === PART_BYTES) {
        yield part;
        part = new Uint8Array(PART_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield part.slice(0, filled);
}
