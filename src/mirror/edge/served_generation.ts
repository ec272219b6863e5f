import { decodeHex, encodeHex, sha256 } from "../../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../../errors.ts";
import { DICTIONARY_LIMITS } from "../../limits.ts";
import type { ChunkRequest, ChunkTable, MissingRequest, ReleaseIndex } from "../../index/mod.ts";
import { compareVersions, packKey } from "../../index/mod.ts";
import type { ByteRange, ObjectStore } from "../../ports/mod.ts";
import { fileNameOf, type VerifiedTarget } from "../../tuf/mod.ts";
import type { Catalog } from "../state/catalog.ts";
import type { CatalogRelease } from "../state/catalog_release.ts";
import { type ContentMirror, licensedDeltas } from "../fetch/content_mirror.ts";
import { isChunked } from "../content/content_store.ts";
import { type ServedFile } from "../content/served_file.ts";
import type { DeltaAnswer, OnDemandDeltas } from "../deltas/on_demand_deltas.ts";
import type { DeltaPair } from "../deltas/delta_builder.ts";
import { pairName } from "../deltas/delta_cache.ts";
import type { DictionaryForms } from "../content/dictionary_forms.ts";
import { readAll } from "../content/read_all.ts";
import {
  type Generation,
  hasMetadata,
  type MetadataFile,
  readMetadata,
} from "../state/generation.ts";
import {
  type DeltaSavings,
  deltaSavings,
  type ReleaseDiff,
  releaseDiffs,
} from "../deltas/release_diff.ts";
import { findMissing, type MissingChunks } from "../content/missing_chunks.ts";
import {
  type ChunkedContent,
  type OpenPack,
  readStoredChunks,
  type StoredChunk,
} from "../content/stored_chunks.ts";
import { objectName } from "../content/verified_object.ts";
import { licensedPack } from "../content/verified_pack.ts";
import type { CodedForm } from "../content/served_file.ts";

/** A file to serve, and for how long it may be kept. */
export interface ServedTarget {
  /** Its content. */
  readonly file: ServedFile;
  /** True when its URL names its content. */
  readonly immutable: boolean;
}

/** What a served generation is made of. */
export interface ServedParts {
  /** Its metadata. */
  readonly generation: Generation;
  /** What that metadata licenses. */
  readonly catalog: Catalog;
  /** Where the metadata lies. */
  readonly store: ObjectStore;
  /** Where the content comes from. */
  readonly mirror: ContentMirror;
  /** Compresses with dictionaries. */
  readonly forms: DictionaryForms;
  /** Where deltas are made that nobody published, if they are. */
  readonly deltas?: OnDemandDeltas | undefined;
  /** Told of a pack that could not be had while others of its release can. */
  unavailable(error: unknown): void;
  /** Told that a metadata file can't be read as it was stored. */
  damaged(error: unknown): void;
}

/** Reads stored chunks until the signal. */
export type ReadChunks = (signal: AbortSignal) => AsyncIterable<StoredChunk>;

type Open = () => Promise<ServedFile>;

/** By SHA-256 in hex. One digest may be signed with two lengths, of which one is false. */
type TargetsByName = ReadonlyMap<string, readonly VerifiedTarget[]>;

/** Verified metadata files kept in memory: how long each may be, and how many; 4 MiB in all. */
const SMALL_METADATA_BYTES = 64 * 1024;
const SMALL_METADATA_FILES = 64;

/** Releases that are compared for people. */
const SHOWN_RELEASES = 20;

/**
 * Metadata and what it licenses, always of one generation. What is remembered here of a licence ends with
 * the generation.
 */
export class ServedGeneration {
  readonly #parts: ServedParts;
  readonly #smallMetadata = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Lengths of packs and deltas that were served, by key. */
  readonly #servedKeys = new Map<string, number>();
  #largeTargets: TargetsByName | undefined;
  #targetsByName: TargetsByName | undefined;
  #content: Promise<ReadonlyMap<string, readonly Open[]>> | undefined;
  /** Releases by the SHA-256 of their stream in hex. */
  #streams: Promise<ReadonlyMap<string, CatalogRelease>> | undefined;
  #novelties: Promise<readonly ReleaseDiff[]> | undefined;
  #deltaSavings: DeltaSavings | undefined;

  /** Serves `parts`, which belong together. */
  constructor(parts: ServedParts) {
    this.#parts = parts;
  }

  /** The metadata file that a client asks for as `name`, a URL path segment; `undefined` if none. */
  metadataFile(name: string): ServedFile | undefined {
    const file = this.#parts.generation.file(name);
    if (file === undefined) return undefined;
    const read = async function* (this: ServedGeneration, { offset, length }: ByteRange) {
      yield (await this.#metadataBytes(file)).slice(offset, offset + length);
    }.bind(this);
    return { size: file.bytes, etag: file.sha256, read };
  }

  /**
   * Whether the four top-level metadata files would be served now: from memory, or from the store that has
   * them. What is lost is told as any damage is.
   */
  async isServable(): Promise<boolean> {
    const { metadata } = this.#parts.catalog;
    const versioned = metadata.root.consistentSnapshot;
    const versions = [["snapshot", metadata.snapshot], ["targets", metadata.targets]] as const;
    const names = [
      "timestamp.json",
      fileNameOf("root", metadata.root.version),
      ...versions.map(([role, { version }]) => fileNameOf(role, versioned ? version : undefined)),
    ];
    const found = await Promise.all(names.map((name) => this.#isThere(name)));
    return found.every(Boolean);
  }

  /** The target at a location below `/targets/`, not percent-encoded. */
  async target(location: string): Promise<ServedTarget | undefined> {
    const match = this.#parts.catalog.find(location);
    if (match === undefined) return undefined;
    const file = await this.#parts.mirror.openTarget(this.#parts.catalog, match.target);
    return { file, immutable: match.immutable };
  }

  /**
   * A target for a client that has another one, by its SHA-256, and decodes with it as the dictionary (RFC
   * 9842, `dcz`); `undefined` when that can't be done, or saves little.
   */
  async dictionaryForm(
    { file }: ServedTarget,
    dictionary: Uint8Array,
  ): Promise<CodedForm | undefined> {
    const name = encodeHex(dictionary);
    const read = this.#dictionary(name);
    return read && await this.#parts.forms.form(file, name, read);
  }

  /** The pack or delta under its key, `packs/HEX` or `deltas/HEX`, if an index names it. */
  async content(key: string): Promise<ServedFile | undefined> {
    if (this.#content === undefined) {
      this.#content = this.#contentByKey();
      // A failure is for those who asked meanwhile; the next one tries again.
      this.#content.catch(() => this.#content = undefined);
    }
    const opens = (await this.#content).get(key) ?? [];
    const file = await firstThat(opens, (open) => open());
    if (file !== undefined) this.#servedKeys.set(key, file.size);
    return file;
  }

  /**
   * The verified bytes of a pack or delta that {@linkcode ServedGeneration.content} has served, if they are
   * still in memory. Must not be changed.
   */
  contentInMemory(key: string): Uint8Array<ArrayBuffer> | undefined {
    const length = this.#servedKeys.get(key);
    return length === undefined ? undefined : this.#parts.mirror.content.inMemory(key, length);
  }

  /**
   * A reader of the stored chunks of a request, in its order, or `undefined` when no release has that
   * index. A chunk that can't be had is read as `undefined` bytes.
   *
   * @throws {BrecciaError} `http-malformed` when the index has no such chunk.
   */
  async chunks({ index, ordinals }: ChunkRequest): Promise<ReadChunks | undefined> {
    const named = await this.#chunkedBy(index);
    if (named === undefined) return undefined;
    checkOrdinals(ordinals, named.content.chunks.count);
    return (signal) => readStoredChunks(named.content, ordinals, named.open, signal);
  }

  /**
   * What a client lacks of an index or large target by what it has, and a reader of those chunks, at most
   * `most`; `undefined` when there is no such index. What the client has and nobody here knows is passed over.
   */
  async missingChunks(
    request: MissingRequest,
    most: number,
  ): Promise<MissingChunks & { readonly read: ReadChunks } | undefined> {
    const named = await this.#chunkedBy(request.index);
    if (named === undefined) return undefined;
    const held: ChunkTable[] = [];
    for (const hash of request.held) {
      const content = (await this.#chunkedBy(hash))?.content;
      if (content !== undefined) held.push(content.chunks);
    }
    const missing = findMissing(named.content.chunks, request, held, most);
    const read: ReadChunks = (signal) =>
      readStoredChunks(named.content, missing.ordinals, named.open, signal);
    return { ...missing, read };
  }

  /**
   * The hint index of a target by its SHA-256 in hex, or `undefined` when there is none. It is advice that
   * this edge made (docs/formats/hint-index.md), and changes when the target is stored anew.
   */
  async hint(name: string): Promise<ServedFile | undefined> {
    const { files } = this.#parts.mirror.content;
    const bytes = await firstThat(this.#largeTargetsOf(name), async (target) => {
      return await files.hint(target) && await files.hintBytes(target);
    });
    if (bytes === undefined) return undefined;
    const read = async function* ({ offset, length }: ByteRange) {
      yield bytes.slice(offset, offset + length);
    };
    return { size: bytes.length, etag: encodeHex(await sha256(bytes)), read };
  }

  /**
   * What this edge knows of a delta from a stream to the release of an index, both by SHA-256 in hex: a
   * pair that the metadata names. `undefined` when there is none, nor is one being made.
   */
  async deltaAdvice(base: string, index: string): Promise<DeltaAnswer | undefined> {
    const pair = await this.#pair(base, index);
    return pair && await this.#parts.deltas?.ask(pair);
  }

  /** A delta of such a pair by its own SHA-256 in hex. */
  async madeDelta(base: string, index: string, name: string): Promise<ServedFile | undefined> {
    const pair = await this.#pair(base, index);
    return pair && await this.#parts.deltas?.open(pair, name);
  }

  /** The newest releases and how much of each is new: for people. Computed once. */
  async novelties(): Promise<readonly ReleaseDiff[]> {
    if (this.#novelties === undefined) {
      const open = (release: CatalogRelease) => this.#openIndex(release);
      this.#novelties = releaseDiffs(this.#parts.catalog, open, SHOWN_RELEASES);
      this.#novelties.then(
        (novelties) => this.#deltaSavings = deltaSavings(novelties),
        () => this.#novelties = undefined,
      );
    }
    return await this.#novelties;
  }

  /** What deltas of the newest releases save, once {@linkcode ServedGeneration.novelties} knows. */
  get deltaSavings(): DeltaSavings | undefined {
    return this.#deltaSavings;
  }

  async #isThere(name: string): Promise<boolean> {
    const file = this.#parts.generation.file(name);
    if (file === undefined) return false;
    if (this.#smallMetadata.has(file.sha256)) return true;
    try {
      if (file.bytes <= SMALL_METADATA_BYTES) return (await this.#metadataBytes(file)).length > 0;
      if (await hasMetadata(this.#parts.store, file)) return true;
      this.#parts.damaged(
        new BrecciaError("storage-corrupt", `${name} is not in the store any more`),
      );
    } catch (error) {
      if (!isBrecciaError(error)) throw error;
    }
    return false;
  }

  /** Small files are asked for by every client, all the time: they are kept in memory. */
  async #metadataBytes(file: MetadataFile): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#smallMetadata.get(file.sha256);
    if (kept !== undefined) return kept;
    const bytes = await readMetadata(this.#parts.store, file).catch((error) => {
      this.#parts.damaged(error);
      throw error;
    });
    if (bytes.length <= SMALL_METADATA_BYTES) {
      if (this.#smallMetadata.size >= SMALL_METADATA_FILES) this.#smallMetadata.clear();
      this.#smallMetadata.set(file.sha256, bytes);
    }
    return bytes;
  }

  /** The targets with this SHA-256 that are stored as chunks. */
  #largeTargetsOf(name: string): readonly VerifiedTarget[] {
    this.#largeTargets ??= Map.groupBy(
      [...this.#parts.catalog.targets.values()]
        .filter((target) => isChunked("targets", target) && target.hashes.has("sha256")),
      objectName,
    );
    return this.#largeTargets.get(name) ?? [];
  }

  /** Chunks by the SHA-256 of the release index, or of the large target, that names them. */
  async #chunkedBy(
    hash: Uint8Array,
  ): Promise<{ readonly content: ChunkedContent; readonly open: OpenPack } | undefined> {
    const { mirror, unavailable } = this.#parts;
    const name = encodeHex(hash);
    const releases = this.#releasesBy(name);
    if (releases.length === 0) {
      const { files } = mirror.content;
      const content = await firstThat(this.#largeTargetsOf(name), (target) => files.hint(target));
      const open: OpenPack = (pack) => mirror.content.openUnverified(licensedPack(pack));
      return content && { content, open };
    }
    const content = await firstThat(releases, (release) => this.#openIndex(release));
    if (content === undefined) return undefined;
    const open: OpenPack = async (_, number) => {
      try {
        return await mirror.openPack(content, number);
      } catch (error) {
        unavailable(error);
        return undefined;
      }
    };
    return { content, open };
  }

  /** Reads what this upstream licenses now, or did; `undefined` when it is neither. */
  #dictionary(name: string): (() => Promise<Uint8Array | undefined>) | undefined {
    const { catalog, generation, mirror } = this.#parts;
    const most = DICTIONARY_LIMITS.bytes;
    this.#targetsByName ??= Map.groupBy(
      catalog.targets.values(),
      (target) => target.hashes.get("sha256") ?? "",
    );
    const targets = this.#targetsByName.get(name);
    if (targets === undefined) {
      return generation.former.includes(name) ? () => mirror.content.former(name, most) : undefined;
    }
    const readable = targets.filter(({ length }) => length <= most);
    if (readable.length === 0) return undefined;
    return () =>
      firstThat(readable, async (target) => {
        const { size, read } = await mirror.openTarget(catalog, target);
        return await readAll(read({ offset: 0, length: size }), size);
      });
  }

  #openIndex(release: CatalogRelease): Promise<ReleaseIndex> {
    return this.#parts.mirror.openIndex(this.#parts.catalog, release);
  }

  /** Only two releases of one app and platform make a pair: asking for others costs two look-ups. */
  async #pair(base: string, index: string): Promise<DeltaPair | undefined> {
    const { mirror, deltas } = this.#parts;
    const release = await firstThat(this.#releasesBy(index), async (release) => {
      await this.#openIndex(release);
      return release;
    });
    if (deltas === undefined || release === undefined || !/^[0-9a-f]{64}$/.test(base)) {
      return undefined;
    }
    this.#streams ??= this.#releasesByStream();
    this.#streams.catch(() => this.#streams = undefined);
    const from = (await this.#streams).get(base);
    const { app, platform, order, version } = release.info;
    if (from === undefined || from === release) return undefined;
    if (from.info.app !== app || from.info.platform !== platform) return undefined;
    // Devices go down seldom, and take chunks then.
    if (from.info.order !== order || compareVersions(order, from.info.version, version) > 0) {
      return undefined;
    }
    const toIndex = await this.#openIndex(release);
    return {
      base: await this.#openIndex(from),
      index: toIndex,
      indexSha256: decodeHex(index) as Uint8Array,
      name: await pairName(decodeHex(base) as Uint8Array, decodeHex(index) as Uint8Array),
      read: async (side) => {
        const named = side === toIndex ? release : from;
        const stream = mirror.openStream(side, objectName(named.index));
        return await readAll(stream.read({ offset: 0, length: stream.size }), stream.size);
      },
    };
  }

  async #releasesByStream(): Promise<ReadonlyMap<string, CatalogRelease>> {
    const streams = new Map<string, CatalogRelease>();
    for (const release of this.#parts.catalog.releases) {
      streams.set(encodeHex((await this.#openIndex(release)).streamSha256), release);
    }
    return streams;
  }

  /** The releases whose index has this SHA-256 in hex. */
  #releasesBy(name: string): readonly CatalogRelease[] {
    return this.#parts.catalog.releases.filter(({ index }) => objectName(index) === name);
  }

  async #contentByKey(): Promise<ReadonlyMap<string, readonly Open[]>> {
    const { mirror } = this.#parts;
    const files = new Map<string, Open[]>();
    const licences = new Set<string>();
    const add = (key: string, length: number, open: Open): void => {
      // The same from each index; with another length it is another licence.
      if (licences.size === licences.add(`${key} ${length}`).size) return;
      const opens = files.get(key);
      if (opens === undefined) files.set(key, [open]);
      else opens.push(open);
    };
    for (const release of this.#parts.catalog.releases) {
      const index = await this.#openIndex(release);
      for (const [number, { sha256, bytes }] of index.packs.entries()) {
        // Indexes can be large: one that is no longer at hand is read again.
        const open = async () => await mirror.openPack(await this.#openIndex(release), number);
        add(packKey(sha256), bytes, open);
      }
      for (const delta of licensedDeltas(index)) {
        add(delta.key, delta.length, () => mirror.openDelta(delta));
      }
    }
    return files;
  }
}

/**
 * What `use` makes of the first of `some` of which it makes anything: a licence that is false stops no true
 * one.
 *
 * @throws {BrecciaError} of the first, when nothing could be made of any.
 */
async function firstThat<S, T>(
  some: readonly S[],
  use: (one: S) => Promise<T | undefined>,
): Promise<T | undefined> {
  const failures: unknown[] = [];
  for (const one of some) {
    try {
      const made = await use(one);
      if (made !== undefined) return made;
    } catch (error) {
      if (!isBrecciaError(error)) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return undefined;
}

function checkOrdinals(ordinals: readonly number[], count: number): void {
  if (ordinals.every((ordinal) => ordinal < count)) return;
  throw new BrecciaError(
    "http-malformed",
    `Cannot answer: there are ${count} chunks; ask for those there are`,
  );
}
