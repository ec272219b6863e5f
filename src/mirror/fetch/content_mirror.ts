import { encodeHex } from "../../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../../errors.ts";
import { deltaKey, packKey, type PackRef, type ReleaseIndex } from "../../index/mod.ts";
import { type ObjectStore, silentTracer, type Tracer } from "../../ports/mod.ts";
import type { VerifiedTarget } from "../../tuf/mod.ts";
import { archiveFile } from "../content/archive_file.ts";
import type { BlockCache } from "../content/block_cache.ts";
import { forEachConcurrent } from "./concurrent.ts";
import type { Catalog } from "../state/catalog.ts";
import type { CatalogRelease } from "../state/catalog_release.ts";
import { type ContentKind, ContentStore, isChunked } from "../content/content_store.ts";
import { type ServedFile } from "../content/served_file.ts";
import { readAll } from "../content/read_all.ts";
import { fetchHinted } from "./hinted_fetch.ts";
import { type SharedFlight, SingleFlight } from "./single_flight.ts";
import { noReads, type ReadCounts, type ReadSource } from "./read_counts.ts";
import { IndexCache } from "../content/index_cache.ts";
import type { Upstream } from "./upstream.ts";
import { licenceName, type LicensedFile, objectName } from "../content/verified_object.ts";
import { licensedPack, verifyPack } from "../content/verified_pack.ts";

/** What is fetched at once, so that memory stays far below 128 MiB. */
const FETCH_BOUNDS = { items: 16, bytes: 4 * 1024 * 1024 };

/** Who is told of what a {@linkcode ContentMirror} does. */
export interface ContentMirrorOptions {
  /** Keeps what takes long to make of archives. Default: it is made anew. */
  readonly blocks?: BlockCache | undefined;
  /** Counts where content comes from that is opened to be served. */
  readonly reads?: ReadCounts;
  /** Receives spans of verification. Default none. */
  readonly tracer?: Tracer;
  /** Joins fetches with those of others who use the store. Default none. */
  readonly joined?: SharedFlight | undefined;
}

/**
 * Brings licensed content into the store, and reads it from there. Whatever is asked for while the same
 * fetch is under way joins it.
 */
export class ContentMirror {
  /** Verified content. */
  readonly content: ContentStore;
  readonly #upstream: Upstream;
  readonly #tracer: Tracer;
  readonly #reads: ReadCounts;
  readonly #fetching = new SingleFlight<void>();
  readonly #joined: SharedFlight | undefined;
  readonly #locations = new WeakMap<LicensedFile, string>();
  readonly #shelf = new IndexCache((index) => this.#openTarget(index as VerifiedTarget));

  /** Fetches from `upstream` into `store`. */
  constructor(store: ObjectStore, upstream: Upstream, options: ContentMirrorOptions = {}) {
    this.#joined = options.joined;
    this.#tracer = options.tracer ?? silentTracer;
    this.#reads = options.reads ?? noReads();
    this.content = new ContentStore(store, this.#tracer, options.blocks);
    this.#upstream = upstream;
  }

  /**
   * Brings everything that `catalog` licenses: indexes, packs and deltas of releases, other targets
   * as they are. What the store has is not fetched again.
   *
   * @throws {BrecciaError} the first failure; what was verified until then stays.
   */
  async fetchAll(catalog: Catalog, signal?: AbortSignal): Promise<void> {
    this.content.files.resemble([...catalog.targets.values()]);
    for (const release of catalog.releases) await this.#bringRelease(catalog, release, signal);
    const others = [...catalog.targets.values()].filter((target) =>
      catalog.releaseOfArchive(target) === undefined
    );
    await forEachConcurrent(
      others,
      FETCH_BOUNDS,
      ({ length }) => length,
      async (target) => {
        if (await this.content.has("targets", target)) return;
        await this.#bringTarget(target, catalog.locationOf(target), signal);
      },
    );
  }

  /**
   * Keys of every object that `catalog` licenses, brought or not.
   *
   * @param onDemand Whether content comes on demand: of a release whose index is not here nothing is, or
   * nothing that could not be brought again. Else a missing index is brought.
   */
  async *keys(catalog: Catalog, onDemand: boolean): AsyncGenerator<string> {
    for (const target of catalog.targets.values()) yield* this.content.keysOf("targets", target);
    for (const release of catalog.releases) {
      if (onDemand && !await this.content.has("targets", release.index)) continue;
      const index = await this.openIndex(catalog, release);
      for (const pack of index.packs) yield* this.content.keysOf("packs", licensedPack(pack));
      for (const delta of licensedDeltas(index)) yield* this.content.keysOf("deltas", delta);
    }
  }

  /** Opens a target: from the store, rebuilt from chunks, or fetched. */
  async openTarget(catalog: Catalog, target: VerifiedTarget): Promise<ServedFile> {
    this.#locations.set(target, catalog.locationOf(target));
    const release = catalog.releaseOfArchive(target);
    if (release === undefined) return await this.#serveTarget(target);
    const index = await this.openIndex(catalog, release);
    const sameStream = index.streamBytes === target.length &&
      target.hashes.get("sha256")?.toLowerCase() === encodeHex(index.streamSha256);
    // Both are signed; an archive that is no stream of this index is mirrored as any other file.
    if (!sameStream) return await this.#serveTarget(target);
    return this.openStream(index, objectName(release.index));
  }

  /**
   * The stream of a release, rebuilt from its chunks as it is read, each verified.
   *
   * @param name SHA-256 of its index in hex.
   */
  openStream(index: ReleaseIndex, name: string): ServedFile {
    return archiveFile(index, name, {
      open: (_, number) => this.#openPackUnverified(index, number),
      mend: async (_, number) => {
        await this.#bringPack(index, number);
        return await this.#openPackUnverified(index, number);
      },
    });
  }

  /** The decoded index of a release. */
  async openIndex(catalog: Catalog, release: CatalogRelease): Promise<ReleaseIndex> {
    this.#locations.set(release.index, catalog.locationOf(release.index));
    return await this.#shelf.take(release.index);
  }

  /** A pack, from the store or fetched. */
  async openPack(index: ReleaseIndex, number: number): Promise<ServedFile> {
    const pack = licensedPack(index.packs[number] as PackRef);
    return await this.#serve(
      "packs",
      pack,
      (isThere) => this.#bringPack(index, number, undefined, isThere),
    );
  }

  /** A delta, from the store or fetched. */
  async openDelta(delta: LicensedDelta): Promise<ServedFile> {
    return await this.#serve(
      "deltas",
      delta,
      (isThere) => this.#bringDelta(delta, undefined, isThere),
    );
  }

  async #bringRelease(
    catalog: Catalog,
    release: CatalogRelease,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const index = await this.openIndex(catalog, release);
    await forEachConcurrent(
      index.packs.keys(),
      FETCH_BOUNDS,
      (n) => index.packs[n]!.bytes,
      async (n) => {
        if (await this.content.has("packs", licensedPack(index.packs[n]!))) return;
        await this.#bringPack(index, n, signal);
      },
    );
    for (const delta of licensedDeltas(index)) {
      if (!await this.content.has("deltas", delta)) await this.#bringDelta(delta, signal);
    }
  }

  async #serveTarget(target: VerifiedTarget): Promise<ServedFile> {
    return await this.#serve("targets", target, (isThere) => {
      const location = this.#locations.get(target) ?? target.path;
      return this.#bringTarget(target, location, undefined, isThere);
    });
  }

  async #openTarget(target: VerifiedTarget): Promise<ServedFile> {
    const location = this.#locations.get(target) ?? target.path;
    return await this.#open(
      "targets",
      target,
      (isThere) => this.#bringTarget(target, location, undefined, isThere),
    );
  }

  async #openPackUnverified(index: ReleaseIndex, number: number): Promise<ServedFile | undefined> {
    const pack = licensedPack(index.packs[number] as PackRef);
    const there = await this.content.openUnverified(pack);
    this.#reads[there === undefined ? "upstream" : "store"]++;
    if (there !== undefined) return there;
    const isThere = async () => await this.content.openUnverified(pack) !== undefined;
    await this.#bringPack(index, number, undefined, isThere);
    return await this.content.openUnverified(pack);
  }

  /** Opens content for somebody who asked, and counts where it came from. */
  async #serve(
    kind: ContentKind,
    file: LicensedFile,
    bring: Bring,
  ): Promise<ServedFile> {
    const inMemory =
      this.content.inMemory(`${kind}/${objectName(file)}`, file.length) !== undefined;
    let source: ReadSource = inMemory ? "memory" : "store";
    const served = await this.#open(kind, file, (isThere) => {
      source = "upstream";
      return bring(isThere);
    });
    this.#reads[source]++;
    return served;
  }

  /** From the store where it is whole there, else brought first. */
  async #open(
    kind: ContentKind,
    file: LicensedFile,
    bring: Bring,
  ): Promise<ServedFile> {
    const open = () => this.content.open(kind, file, () => bring());
    const there = await open();
    if (there !== undefined) return there;
    await bring(async () => await open() !== undefined);
    const brought = await open();
    if (brought !== undefined) return brought;
    throw new BrecciaError(
      "storage-corrupt",
      `Cannot read ${kind}/${
        objectName(file)
      } from the store: it is damaged although it was just ` +
        `brought; check the disk`,
    );
  }

  #bringTarget(
    target: VerifiedTarget,
    location: string,
    signal?: AbortSignal,
    isThere?: IsThere,
  ): Promise<void> {
    return this.#bring("targets", target, isThere, async () => {
      if (isChunked("targets", target) && await this.#bringByHint(target, signal)) return;
      await this.#upstream.fetchTarget(
        location,
        target.length,
        (body) => this.#ingest("targets", target, body),
        signal,
      );
    });
  }

  /** From an edge upstream, by the chunks that are missing here. False when that saves nothing, or fails. */
  async #bringByHint(target: VerifiedTarget, signal?: AbortSignal): Promise<boolean> {
    for (const edge of this.#upstream.edges) {
      try {
        const body = await fetchHinted(edge, target, this.content.files, signal);
        if (body === undefined) continue;
        await this.#ingest("targets", target, body);
        return true;
      } catch (error) {
        if (!isBrecciaError(error) || error.code === "cancelled") throw error;
        // A hint is advice: what it led to was refused, and the file is fetched as if there were none.
        edge.failures.push({ code: error.code, message: error.message });
      }
    }
    return false;
  }

  #bringDelta(delta: LicensedDelta, signal?: AbortSignal, isThere?: IsThere): Promise<void> {
    return this.#bring("deltas", delta, isThere, () =>
      this.#upstream.fetchFile(
        delta.key,
        delta.length,
        (body) => this.#ingest("deltas", delta, body),
        signal,
      ));
  }

  #bringPack(
    index: ReleaseIndex,
    number: number,
    signal?: AbortSignal,
    isThere?: IsThere,
  ): Promise<void> {
    const pack = index.packs[number] as PackRef;
    return this.#bring(
      "packs",
      licensedPack(pack),
      isThere,
      () =>
        this.#upstream.fetchFile(packKey(pack.sha256), pack.bytes, async (body) => {
          const bytes = await readAll(body, pack.bytes);
          const verified = await this.#verify(packKey(pack.sha256), () =>
            verifyPack(bytes, index, number));
          await this.content.put("packs", licensedPack(pack), verified);
        }, signal),
    );
  }

  /** Verifies a file while it arrives, and keeps it. */
  #ingest(kind: ContentKind, file: LicensedFile, body: AsyncIterable<Uint8Array>): Promise<void> {
    const key = `${kind}/${objectName(file)}`;
    return this.#verify(key, () => this.content.ingest(kind, file, body));
  }

  #verify<T>(key: string, verify: () => Promise<T>): Promise<T> {
    return this.#tracer.span("breccia.verify", { "breccia.key": key }, verify);
  }

  /** Between the look that missed the file and the turn to fetch it, another may have brought it. */
  #bring(
    kind: ContentKind,
    file: LicensedFile,
    isThere: IsThere | undefined,
    fetch: () => Promise<void>,
  ): Promise<void> {
    // With the length: how it ends for a false licence is no end for the true one.
    const key = `${kind}/${licenceName(file)}`;
    const fetchIfMissing = async (): Promise<void> => {
      if (!await isThere?.()) await fetch();
    };
    return this.#fetching.join(key, () => this.#joined?.join(key, fetchIfMissing) ?? fetch());
  }
}

/** Whether a file that was missing a moment ago is there, whole. */
type IsThere = () => Promise<boolean>;

/** Brings a file; without `isThere`, also when it is there, but damaged. */
type Bring = (isThere?: IsThere) => Promise<void>;

/** A delta file in the form in which all content is licensed. */
export interface LicensedDelta extends LicensedFile {
  /** Where it lies, upstream and here. */
  readonly key: string;
}

/** The deltas of an index. */
export function licensedDeltas(index: ReleaseIndex): readonly LicensedDelta[] {
  return index.deltas.map(({ sha256, bytes }) => ({
    key: deltaKey(sha256),
    length: bytes,
    hashes: new Map([["sha256", encodeHex(sha256)]]),
  }));
}
