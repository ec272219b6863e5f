import { encodeHex, equalBytes, sha256 } from "../../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../../errors.ts";
import type { ObjectSource, ObjectStore, StoredObject } from "../../ports/mod.ts";
import { MemoryMetadataStore, type VerifiedMetadata } from "../../tuf/mod.ts";
import { openRecord, sealRecord } from "./checksummed_record.ts";
import { historyKeys } from "./store_layout.ts";
import { type TrustedVersions, versionsOf } from "./trusted_versions.ts";

/** How long the files of an earlier generation can still be fetched, in milliseconds. */
const GRACE_MILLISECONDS = 24 * 60 * 60_000;

/** A metadata file that an edge serves. */
export interface MetadataFile {
  /** SHA-256 of its bytes in hex: its name in the store. */
  readonly sha256: string;
  /** Length in bytes. */
  readonly bytes: number;
}

/** The pointer's content: which metadata is current. */
interface Pointer {
  readonly format: 2;
  /** Reference time of the refresh that verified it, in milliseconds since 1970. */
  readonly verifiedAt: number;
  /** What it is a pointer to; missing where an edge of before there was a history wrote it. */
  readonly versions?: TrustedVersions;
  /** Counts the generations: which of the copies it takes the place of. */
  readonly turn?: number;
  /** Which content was brought with it; missing where it was all. */
  readonly scope?: string;
  /** SHA-256 in hex of targets that were licensed before. */
  readonly former?: readonly string[];
  /** The trust core's own files, by the names it gives them. */
  readonly trusted: [name: string, file: MetadataFile][];
  /** What clients may ask for, by URL path segment. */
  readonly served: [name: string, file: MetadataFile][];
  /** Versioned files of earlier generations, until when they are served. */
  readonly earlier: [name: string, file: MetadataFile, until: number][];
}

/**
 * One consistent set of verified metadata. Its files lie under immutable keys, `metadata/SHA256`; a small
 * pointer object names them and moves by conditional put, so that readers see one set or the next. Copies of
 * the last pointers are kept beside it, for when it or what it names is damaged.
 */
export class Generation {
  readonly #key: string;
  readonly #pointer: Pointer;
  readonly #files: ReadonlyMap<string, MetadataFile>;
  /** Tag of the pointer object; a later generation must replace exactly this one. */
  readonly etag: string;

  private constructor(key: string, pointer: Pointer, etag: string) {
    this.#key = key;
    this.#pointer = pointer;
    this.etag = etag;
    const earlier = pointer.earlier.map(([name, file]) => [name, file] as const);
    this.#files = new Map([...earlier, ...pointer.served]);
  }

  /** Reference time of the refresh that verified it, in milliseconds since 1970. */
  get verifiedAt(): number {
    return this.#pointer.verifiedAt;
  }

  /** The versions of its metadata, where they are known. */
  get versions(): TrustedVersions | undefined {
    return this.#pointer.versions;
  }

  /** Which content was brought with it, as {@linkcode Generation.commit} was told. */
  get scope(): string {
    return this.#pointer.scope ?? "";
  }

  /** SHA-256 in hex of targets that its upstream licensed before. */
  get former(): readonly string[] {
    return this.#pointer.former ?? [];
  }

  /** The file that a client asks for as `name`, of this generation or, for a day, of an earlier one. */
  file(name: string): MetadataFile | undefined {
    return this.#files.get(name);
  }

  /** Keys of every object that this generation needs. */
  *keys(): Generator<string> {
    yield this.#key;
    yield* historyKeys(this.#key);
    for (const [, { sha256 }] of this.#pointer.trusted) yield metadataKey(sha256);
    for (const { sha256 } of this.#files.values()) yield metadataKey(sha256);
  }

  /** What the trust core kept, as it reads it. */
  async trusted(store: ObjectStore): Promise<MemoryMetadataStore> {
    const files = await Promise.all(
      this.#pointer.trusted.map(async ([name, file]) =>
        [name, await readMetadata(store, file)] as const
      ),
    );
    return new MemoryMetadataStore(files);
  }

  /** True when `kept` is exactly what the trust core kept for this generation. */
  async holds(kept: MemoryMetadataStore): Promise<boolean> {
    const names = new Map(this.#pointer.trusted);
    for (const [name, bytes] of kept.files()) {
      if (names.get(name)?.sha256 !== encodeHex(await sha256(bytes))) return false;
    }
    return kept.files().size === names.size;
  }

  /**
   * The generation that the pointer under `key` names, and the tag of the pointer: neither when there
   * never was one, the tag and the damage when the pointer can't be read.
   *
   * @throws {BrecciaError} of the storage family.
   */
  static async load(store: ObjectSource, key: string): Promise<{
    readonly generation?: Generation;
    readonly damage?: BrecciaError;
    readonly etag: string | null;
  }> {
    const object = await store.get(key);
    if (object === undefined) return { etag: null };
    const pointer = await decodePointer(key, object.bytes);
    return pointer instanceof BrecciaError
      ? { damage: pointer, etag: object.etag }
      : { generation: new Generation(key, pointer, object.etag), etag: object.etag };
  }

  /**
   * The last generations under `key`, the current one among them, the newest first, as far as their copies of the pointer
   * can be read. The content of an earlier one may have been swept.
   *
   * @throws {BrecciaError} of the storage family.
   */
  static async history(store: ObjectSource, key: string): Promise<readonly Generation[]> {
    const copies = await Promise.all(
      historyKeys(key).map(async (copy) => {
        const object = await readIfSound(store, copy);
        const pointer = object && await decodePointer(copy, object.bytes);
        return pointer === undefined || pointer instanceof BrecciaError
          ? []
          : [new Generation(key, pointer, object!.etag)];
      }),
    );
    return copies.flat().sort((a, b) => b.#turn - a.#turn);
  }

  /**
   * Makes verified metadata current: first its files, then the pointer. Files that are damaged or missing
   * in the store are written again; earlier ones, which nobody has any more, are no longer served.
   *
   * @throws {BrecciaError} `storage-conflict` when another process made a generation meanwhile; the
   * storage family.
   */
  static async commit(
    store: ObjectStore,
    metadata: VerifiedMetadata,
    kept: MemoryMetadataStore,
    { key, scope, former, before, replaces }: {
      /** Key of the pointer. */
      readonly key: string;
      /** Which content was brought: any text, empty for all. */
      readonly scope: string;
      /** See {@linkcode Generation.former}. */
      readonly former: readonly string[];
      readonly before: Generation | undefined;
      /** Tag of the pointer that this one replaces; `null` when there is none. */
      readonly replaces: string | null;
    },
  ): Promise<Generation> {
    const save = async (bytes: Uint8Array): Promise<MetadataFile> => {
      const file = { sha256: encodeHex(await sha256(bytes)), bytes: bytes.length };
      const key = metadataKey(file.sha256);
      // Compared, not only looked up: a damaged file is written again.
      const there = (await readIfSound(store, key))?.bytes;
      if (there === undefined || !equalBytes(there, bytes)) await store.put(key, bytes);
      return file;
    };
    const trusted: Pointer["trusted"] = [];
    const served: Pointer["served"] = [];
    for (const [name, bytes] of kept.files()) {
      const file = await save(bytes);
      trusted.push([name, file]);
      // Clients with an older root walk the whole chain.
      if (/^\d+\.root\.json$/.test(name)) served.push([name, file]);
    }
    // A role that can't be used is told by the catalog; its files are not there for clients either.
    const onRoleFailure = () => {};
    for await (const { name, bytes } of metadata.files({ onRoleFailure })) {
      served.push([name, await save(bytes)]);
    }
    const names = new Set(served.map(([name]) => name));
    const isSame = before !== undefined && await before.holds(kept);
    const turn = before === undefined ? 0 : before.#turn + (isSame ? 0 : 1);
    const pointer: Pointer = {
      format: 2,
      verifiedAt: metadata.now,
      versions: versionsOf(metadata),
      turn,
      scope,
      former,
      trusted,
      served,
      earlier: before === undefined ? [] : await before.#outlived(store, names, metadata.now),
    };
    const sealed = await sealRecord(pointer);
    const copies = historyKeys(key);
    // First the copy: at no instant is the newest pointer the only one to what it names.
    await store.put(copies[turn % copies.length] as string, sealed);
    const etag = await store.put(key, sealed, { ifMatch: replaces });
    return new Generation(key, pointer, etag);
  }

  get #turn(): number {
    return this.#pointer.turn ?? 0;
  }

  /** A client in the midst of its refresh still asks for versions that are no longer the newest. */
  async #outlived(
    store: ObjectStore,
    names: ReadonlySet<string>,
    now: number,
  ): Promise<Pointer["earlier"]> {
    const { earlier, served } = this.#pointer;
    const leaving = served.map(([name, file]) => [name, file, now + GRACE_MILLISECONDS] as const);
    const outlived: Pointer["earlier"] = [];
    for (const [name, file, until] of [...earlier, ...leaving]) {
      if (names.has(name) || until <= now || !/^\d+\./.test(name)) continue;
      const there = await store.head(metadataKey(file.sha256));
      if (there?.size === file.bytes) outlived.push([name, file, until]);
    }
    return outlived;
  }
}

/** Whether a metadata file is in the store, by its length alone. */
export async function hasMetadata(store: ObjectStore, file: MetadataFile): Promise<boolean> {
  return (await store.head(metadataKey(file.sha256)))?.size === file.bytes;
}

/** The bytes of a metadata file. Checks them: what was damaged in the store is not served. */
export async function readMetadata(
  store: ObjectStore,
  file: MetadataFile,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = metadataKey(file.sha256);
  const bytes = (await readIfSound(store, key))?.bytes;
  if (bytes !== undefined && encodeHex(await sha256(bytes)) === file.sha256) return bytes;
  throw new BrecciaError(
    "storage-corrupt",
    `Cannot read ${key} from the store: it is ${bytes ? "damaged" : "missing"}; the next refresh ` +
      `fetches it again`,
  );
}

/** An object, or `undefined` when it is missing or its medium has lost it. */
async function readIfSound(
  store: ObjectSource,
  key: string,
): Promise<StoredObject | undefined> {
  try {
    return await store.get(key);
  } catch (error) {
    if (isBrecciaError(error, "storage-corrupt")) return undefined;
    throw error;
  }
}

function metadataKey(sha256: string): string {
  return `metadata/${sha256}`;
}

async function decodePointer(key: string, bytes: Uint8Array): Promise<Pointer | BrecciaError> {
  let pointer: Pointer;
  try {
    pointer = await openRecord(bytes, key) as Pointer;
  } catch (error) {
    if (isBrecciaError(error)) return error;
    throw error;
  }
  return pointer.format === 2 ? pointer : new BrecciaError(
    "storage-corrupt",
    `Cannot read "${key}" from the store: its format is ${pointer.format}; use the version of ` +
      `Breccia that wrote it, or delete it`,
  );
}
