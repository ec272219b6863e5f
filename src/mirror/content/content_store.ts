import { sha512 } from "@noble/hashes/sha2.js";
import { createSha256, encodeHex, type IncrementalSha256, sha256 } from "../../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../../errors.ts";
import { CONTENT_LIMITS, METADATA_LIMITS } from "../../limits.ts";
import { type ByteRange, type ObjectStore, silentTracer, type Tracer } from "../../ports/mod.ts";
import type { BlockCache } from "./block_cache.ts";
import { readAll } from "./read_all.ts";
import { decodePartList, encodePartList, type PartList } from "./part_list.ts";
import { ChunkedFiles } from "./chunked_files.ts";
import { readPackRange } from "./pack_range.ts";
import { VerifiedReads } from "./verified_reads.ts";
import type { ServedFile } from "./served_file.ts";
import {
  checkDigests,
  checkLength,
  type LicensedFile,
  objectName,
  VerifiedObject,
} from "./verified_object.ts";

/** Kinds of content, which are the folders it is stored in. */
export type ContentKind = "packs" | "deltas" | "targets";

/** Files up to this length are one object; longer ones are stored in parts. */
const WHOLE_BYTES = CONTENT_LIMITS.packBytes;

/** Targets from this length on are chunked: shorter ones are a few chunks at most. */
const CHUNKED_BYTES = 256 * 1024;

/** Length of all parts but the last. */
const PART_BYTES = 4 * 1024 * 1024;

/** How much of an object is sent at a time, and held by a client that takes nothing. */
const READ_BYTES = 256 * 1024;

/**
 * Verified content in a store. Only what has its signed digests gets the name under which it is read.
 *
 * Targets of 256 KiB and more are chunked (see {@linkcode ChunkedFiles}). Any other file of up to 16 MiB is
 * one object, `KIND/HASH`. A longer one is streamed into `parts/HASH` objects,
 * each named by its own digest, and becomes readable when the whole is verified and its list of parts,
 * `KIND/HASH.parts`, is written.
 */
export class ContentStore {
  readonly #store: ObjectStore;
  readonly #reads: VerifiedReads;
  /** Large targets, which are stored as chunks. */
  readonly files: ChunkedFiles;

  /** Keeps content in `store`. */
  constructor(store: ObjectStore, tracer: Tracer = silentTracer, shelf?: BlockCache) {
    this.#store = store;
    this.#reads = new VerifiedReads(store, tracer);
    this.files = new ChunkedFiles(store, shelf);
  }

  /** True when the file is there. */
  async has(kind: ContentKind, file: LicensedFile): Promise<boolean> {
    if (isChunked(kind, file)) return await this.files.has(file);
    const key = keyOf(kind, file);
    // One digest may be signed with two lengths, of which one is false.
    if (isWhole(file)) return (await this.#store.head(key))?.size === file.length;
    return (await this.#partList(`${key}.parts`))?.length === file.length;
  }

  /**
   * The file, or `undefined` when it is not there or damaged. Every byte that it yields was hashed since it
   * left the store. `mend` brings the file again: for what is damaged after it was opened.
   */
  async open(
    kind: ContentKind,
    file: LicensedFile,
    mend: () => Promise<void>,
  ): Promise<ServedFile | undefined> {
    if (isChunked(kind, file)) return await this.files.open(file, mend);
    const key = keyOf(kind, file);
    const size = file.length;
    let parts = [{ key, bytes: size }];
    if (!isWhole(file)) {
      const list = await this.#partList(`${key}.parts`);
      if (list?.length !== size) return undefined;
      parts = list.parts.map(({ sha256, bytes }) => ({ key: `parts/${sha256}`, bytes }));
    } else if (await this.#reads.read(key, size) === undefined) return undefined;
    const read = (range: ByteRange, signal?: AbortSignal) =>
      this.#readVerified(parts, range, mend, signal);
    return { size, etag: objectName(file), read };
  }

  /**
   * A target that is here although no metadata may name it any more, by its SHA-256 in hex: whole and
   * verified, or `undefined` when it is not here, damaged, or longer than `maxBytes`.
   */
  async former(name: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const key = `targets/${name}`;
    const info = await this.#store.head(key);
    if (info === undefined) return await this.files.former(name, maxBytes);
    return info.size <= maxBytes ? await this.#reads.read(key, info.size) : undefined;
  }

  /**
   * The bytes of an object of content that has this length, if they are in memory, verified. Must not be
   * changed.
   */
  inMemory(key: string, length: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#reads.kept(key, length);
  }

  /**
   * A pack for reading few chunks of it, or `undefined` when it is not there. Its bytes are NOT verified:
   * whoever reads them verifies each chunk.
   */
  async openUnverified(pack: LicensedFile): Promise<ServedFile | undefined> {
    const key = keyOf("packs", pack);
    const info = await this.#store.head(key);
    if (info?.size !== pack.length) return undefined;
    const read = (range: ByteRange, signal?: AbortSignal) =>
      readPackRange(this.#store, key, range, signal);
    return { size: pack.length, etag: objectName(pack), read };
  }

  /** Keys of the objects that a file is stored in, as far as they are known. */
  async *keysOf(kind: ContentKind, file: LicensedFile): AsyncGenerator<string> {
    if (isChunked(kind, file)) return yield* this.files.keysOf(file);
    const key = keyOf(kind, file);
    if (isWhole(file)) {
      yield key;
      return;
    }
    yield `${key}.parts`;
    for (const { sha256 } of (await this.#partList(`${key}.parts`))?.parts ?? []) {
      yield `parts/${sha256}`;
    }
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
    if (isChunked(kind, file)) return await this.files.ingest(file, body);
    const what = `${kind}/${objectName(file).slice(0, 16)}…`;
    const code = kind === "deltas" ? "delta-mismatch" : "target-mismatch";
    if (isWhole(file)) {
      const bytes = await readAll(body, file.length);
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
    checkLength(length, file, what, code);
    checkDigests(actual, file, what, code);
    await this.#store.put(`${keyOf(kind, file)}.parts`, await encodePartList({ length, parts }));
  }

  /** The list of parts under `key`; one that is damaged counts as none. */
  async #partList(key: string): Promise<PartList | undefined> {
    const stored = await this.#store.get(key);
    if (stored === undefined || stored.size > METADATA_LIMITS.snapshotBytes) return undefined;
    try {
      return await decodePartList(stored.bytes, key);
    } catch (error) {
      if (!isBrecciaError(error, "storage-corrupt")) throw error;
      return undefined;
    }
  }

  async *#readVerified(
    parts: readonly { readonly key: string; readonly bytes: number }[],
    { offset, length }: ByteRange,
    mend: () => Promise<void>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let start = 0;
    for (const { key, bytes } of parts) {
      const end = Math.min(offset + length - start, bytes);
      // Asked for piece by piece: a slow client must not keep the whole object in memory.
      for (let from = Math.max(offset - start, 0); from < end; from += READ_BYTES) {
        signal?.throwIfAborted();
        const whole = this.#reads.kept(key, bytes) ?? await this.#readOrMend(key, bytes, mend);
        // A copy: a view would keep all of the object.
        yield whole.slice(from, Math.min(from + READ_BYTES, end));
      }
      start += bytes;
    }
  }

  async #readOrMend(
    key: string,
    length: number,
    mend: () => Promise<void>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const there = await this.#reads.read(key, length);
    if (there !== undefined) return there;
    await mend();
    const mended = await this.#reads.read(key, length);
    if (mended !== undefined) return mended;
    throw new BrecciaError(
      "storage-corrupt",
      `Cannot read ${key} from the store: it is damaged again after it was brought anew; check the disk`,
    );
  }
}

function keyOf(kind: ContentKind, file: LicensedFile): string {
  return `${kind}/${objectName(file)}`;
}

/** Whether such a file is stored as chunks. */
export function isChunked(kind: ContentKind, { length }: LicensedFile): boolean {
  return kind === "targets" && length >= CHUNKED_BYTES;
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
