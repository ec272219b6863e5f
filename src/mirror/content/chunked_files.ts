import { decodeHint, encodeHint, type HintIndex, OpenedArchive } from "../../archive/mod.ts";
import { encodeHex, SHA256_BYTES } from "../../bytes/mod.ts";
import { chunkStream, DEFAULT_CHUNKING } from "../../chunk/mod.ts";
import { BrecciaError, isBrecciaError } from "../../errors.ts";
import {
  type ChunkRef,
  openStoredChunk,
  packKey,
  type PackRef,
  storeChunk,
} from "../../index/mod.ts";
import { HINT_LIMITS } from "../../limits.ts";
import type { ByteRange, ObjectStore } from "../../ports/mod.ts";
import type { ServedFile } from "./served_file.ts";
import { readAll } from "./read_all.ts";
import type { BlockCache } from "./block_cache.ts";
import { ChunkPacker } from "./chunk_packer.ts";
import { type KnownChunk, KnownChunks } from "./known_chunks.ts";
import { HashingBody } from "./hashing_body.ts";
import { RebuiltBlocks } from "./rebuilt_blocks.ts";
import { readPackRange } from "./pack_range.ts";
import type { OpenPack } from "./stored_chunks.ts";
import { type LicensedFile, objectName } from "./verified_object.ts";
import { zstdForm } from "./zstd_form.ts";
import { type CodedForm } from "./served_file.ts";

/** zstd level of chunks: an edge stores while it fetches, so that speed matters. */
const CHUNK_LEVEL = 3;

/** Chunks in a row that compression did not make shorter, until only one of so many is tried. */
const PATIENCE = 8;

/** Decoded hint indexes that are kept. */
const KEPT_HINTS = 8;

/**
 * Large files without a release index, stored as chunks of what is inside them: archives are opened as far
 * as they can be made again byte for byte, and are made again when they are read.
 *
 * A file is readable once its hint index, `targets/HASH.hint`, is written: after the whole was verified
 * against what is signed, and after the packs that hold its chunks. Chunks that another file has are not
 * stored again.
 */
export class ChunkedFiles {
  readonly #store: ObjectStore;
  readonly #known = new KnownChunks();
  readonly #blocks: RebuiltBlocks;
  /** By key, in order of use, the oldest first. */
  readonly #hints = new Map<string, HintIndex>();
  /** The digest at the end of each hint index, which names it. */
  readonly #digests = new WeakMap<HintIndex, string>();
  /** Files whose chunks are not remembered yet. */
  #unread: readonly LicensedFile[] = [];

  /** Keeps files in `store`, and blocks of archives that were made again on `shelf`. */
  constructor(store: ObjectStore, shelf?: BlockCache) {
    this.#store = store;
    this.#blocks = new RebuiltBlocks((pack) => Promise.resolve(this.#openPack(pack)), shelf);
  }

  /** Names files that may be here, for what is new to share chunks with. Read when first needed. */
  resemble(files: readonly LicensedFile[]): void {
    this.#unread = files;
  }

  /** True when the file and all of its packs are there. */
  async has(file: LicensedFile): Promise<boolean> {
    // Not as it is remembered: the store may have lost it.
    this.#hints.delete(hintKey(file));
    const hint = await this.hint(file);
    if (hint === undefined) return false;
    const whole = await this.#hasPacks(hint.packs);
    if (!whole) this.#known.forget(hint);
    return whole;
  }

  /** Keys of the objects that the file is stored in, as far as they are known. */
  async *keysOf(file: LicensedFile): AsyncGenerator<string> {
    yield hintKey(file);
    for (const { sha256 } of (await this.hint(file))?.packs ?? []) yield packKey(sha256);
  }

  /** The hint index of a file that is stored, or `undefined` when there is none or it is damaged. */
  async hint(file: LicensedFile): Promise<HintIndex | undefined> {
    const key = hintKey(file);
    const kept = this.#hints.get(key);
    // One digest may be signed with two lengths, of which one is false.
    if (kept !== undefined) return kept.fileBytes === file.length ? kept : undefined;
    const bytes = await this.hintBytes(file);
    if (bytes === undefined) return undefined;
    try {
      const hint = await decodeHint(bytes);
      if (hint.fileBytes !== file.length) return undefined;
      return this.#keep(key, hint, bytes);
    } catch (error) {
      if (!isBrecciaError(error)) throw error;
      return undefined;
    }
  }

  /** The hint index of a file as it is stored, which is as it is served. */
  async hintBytes(file: LicensedFile): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const key = hintKey(file);
    const info = await this.#store.head(key);
    if (info === undefined || info.size > HINT_LIMITS.bytes) return undefined;
    return (await this.#store.get(key))?.bytes;
  }

  /**
   * The file, or `undefined` when it is not there. Every byte that it yields was hashed after it was made.
   * `mend` brings the file again.
   */
  async open(file: LicensedFile, mend: () => Promise<void>): Promise<ServedFile | undefined> {
    const hint = await this.hint(file);
    if (hint === undefined) return undefined;
    const read = (range: ByteRange, signal?: AbortSignal) => this.#read(file, range, mend, signal);
    const zstd = this.#zstdForm(file, hint, mend);
    return { size: file.length, etag: objectName(file), read, ...(zstd && { zstd }) };
  }

  /** See `ContentStore.former`. */
  async former(name: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const hashes = new Map([["sha256", name]]);
    try {
      const bytes = await this.hintBytes({ length: 0, hashes });
      const length = bytes && (await decodeHint(bytes)).fileBytes;
      if (length === undefined || length > maxBytes) return undefined;
      // Nobody has to bring it again.
      const file = await this.open({ length, hashes }, () => Promise.resolve());
      return file && await readAll(file.read({ offset: 0, length }), length);
    } catch (error) {
      if (!isBrecciaError(error)) throw error;
      return undefined;
    }
  }

  /**
   * Keeps a file as it arrives.
   *
   * @throws {BrecciaError} `target-mismatch` when it is not what is licensed, and then it is not readable;
   * the storage family; what `body` throws.
   */
  async ingest(file: LicensedFile, body: AsyncIterable<Uint8Array>): Promise<void> {
    await this.remember();
    const measured = new HashingBody(file, body);
    const archive = new OpenedArchive(measured);
    const packer = new ChunkPacker(this.#store);
    const there = new Set<PackRef>();
    const store = chunkEncoder();
    for await (const { hash, bytes } of chunkStream(archive.content(), DEFAULT_CHUNKING)) {
      const known = await this.#findStored(hash, there);
      if (known !== undefined) packer.reuse(known);
      else if (!packer.repeat(hash)) {
        await packer.add(hash, bytes.length, await store(bytes));
      }
    }
    const { sha256, blocks } = measured.finish();
    const { chunks, packs } = await packer.finish();
    const { recipe } = archive;
    const hint = { fileBytes: file.length, fileSha256: sha256, blocks, recipe, chunks, packs };
    const encoded = await encodeHint(hint);
    await this.#store.put(hintKey(file), encoded);
    this.#keep(hintKey(file), hint, encoded);
    this.#known.learn(hint);
  }

  /** Whether some file here has the chunk, as far as is remembered. */
  knows(hash: Uint8Array): boolean {
    return this.#known.find(hash) !== undefined;
  }

  /** Reads what {@linkcode ChunkedFiles.resemble} named, for {@linkcode ChunkedFiles.knows} to know it. */
  async remember(): Promise<void> {
    const files = this.#unread;
    this.#unread = [];
    for (const file of files) {
      const hint = await this.hint(file);
      if (hint !== undefined && await this.#hasPacks(hint.packs)) this.#known.learn(hint);
    }
  }

  /** The content of a chunk that some file here has, verified, or `undefined`. */
  async chunk(hash: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const known = this.#known.find(hash);
    if (known === undefined) return undefined;
    const { packOffset: offset, storedLength: length } = known.place;
    try {
      const stored = await this.#store.get(packKey(known.pack.sha256), {
        range: { offset, length },
      });
      return stored && (await openStoredChunk(stored.bytes, known.place)).bytes;
    } catch (error) {
      if (!isBrecciaError(error)) throw error;
      return undefined;
    }
  }

  /** The chunks of a file as they are stored, where its content is the file itself. */
  #zstdForm(
    file: LicensedFile,
    hint: HintIndex,
    mend: () => Promise<void>,
  ): CodedForm | undefined {
    const name = this.#digests.get(hint);
    if (name === undefined || hint.recipe.steps.some(({ kind }) => kind !== "copy")) {
      return undefined;
    }
    const open: OpenPack = (pack) => Promise.resolve(this.#openPack(pack));
    const prove = async (chunk: ChunkRef, stored: Uint8Array | undefined): Promise<Uint8Array> => {
      try {
        if (stored !== undefined) return (await openStoredChunk(stored, chunk), stored);
      } catch (error) {
        if (!isBrecciaError(error)) throw error;
      }
      this.#known.forget(hint);
      await mend();
      // The rest of an answer that has begun can't be packed otherwise.
      throw new BrecciaError(
        "storage-corrupt",
        `Cannot go on sending ${
          hintKey(file)
        }: a pack of it was damaged, and brought again; ask again`,
      );
    };
    return zstdForm({ content: hint, name, open, prove });
  }

  async *#read(
    file: LicensedFile,
    { offset, length }: ByteRange,
    mend: () => Promise<void>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const end = offset + length;
    for (let at = offset; at < end;) {
      signal?.throwIfAborted();
      const block = Math.floor(at / HINT_LIMITS.blockBytes);
      const start = block * HINT_LIMITS.blockBytes;
      const bytes = await this.#readOrMend(file, block, mend);
      const next = Math.min(end, start + bytes.length);
      if (next <= at) throw noProgress(file, block);
      yield bytes.subarray(at - start, next - start);
      at = next;
    }
  }

  async #readOrMend(
    file: LicensedFile,
    block: number,
    mend: () => Promise<void>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const hint = await this.hint(file);
    try {
      if (hint !== undefined) return await this.#blocks.read(hint, block);
    } catch (error) {
      if (!isBrecciaError(error)) throw error;
      // What lies in its packs is not to be trusted: the file is stored anew, as a whole.
      this.#known.forget(hint!);
      this.#blocks.drop(hint!);
    }
    await mend();
    const mended = await this.hint(file);
    if (mended !== undefined) return await this.#blocks.read(mended, block);
    throw new BrecciaError(
      "storage-corrupt",
      `Cannot read ${
        hintKey(file)
      } from the store: it is damaged although it was just brought; check ` +
        `the disk`,
    );
  }

  #keep(key: string, hint: HintIndex, encoded: Uint8Array): HintIndex {
    this.#digests.set(hint, encodeHex(encoded.subarray(-SHA256_BYTES)));
    this.#hints.delete(key);
    this.#hints.set(key, hint);
    for (const oldest of this.#hints.keys()) {
      if (this.#hints.size <= KEPT_HINTS) break;
      this.#hints.delete(oldest);
    }
    return hint;
  }

  /** A chunk that can be shared: its pack is in the store. `there` are packs that were looked for before. */
  async #findStored(hash: Uint8Array, there: Set<PackRef>): Promise<KnownChunk | undefined> {
    const known = this.#known.find(hash);
    if (known === undefined || there.has(known.pack)) return known;
    if (await this.#hasPacks([known.pack])) {
      there.add(known.pack);
      return known;
    }
    this.#known.forget({ packs: [known.pack] });
    return undefined;
  }

  async #hasPacks(packs: readonly PackRef[]): Promise<boolean> {
    for (const { sha256, bytes } of packs) {
      if ((await this.#store.head(packKey(sha256)))?.size !== bytes) return false;
    }
    return true;
  }

  #openPack({ sha256, bytes }: PackRef): ServedFile {
    const name = encodeHex(sha256);
    const read = (range: ByteRange) => readPackRange(this.#store, packKey(sha256), range);
    return { size: bytes, etag: name, read };
  }
}

/** Stores chunks; where they have not become shorter for a while, most are not even tried. */
function chunkEncoder(): (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array> {
  let inVain = 0;
  return async (bytes) => {
    if (inVain > PATIENCE && inVain++ % PATIENCE !== 0) return bytes;
    const stored = await storeChunk(bytes, { level: CHUNK_LEVEL });
    inVain = stored.length < bytes.length ? 0 : inVain + 1;
    return stored;
  };
}

/** A reader that yields nothing must not be asked for ever. */
function noProgress(file: LicensedFile, block: number): BrecciaError {
  return new BrecciaError(
    "storage-corrupt",
    `Cannot read ${
      hintKey(file)
    } from the store: its block ${block} holds nothing of what is asked ` +
      `for; delete it, and the file is fetched again`,
  );
}

/** Key of the hint index of a file. */
function hintKey(file: LicensedFile): string {
  return `targets/${objectName(file)}.hint`;
}
