import { encodeHex } from "../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import { type ChunkRequest, packKey, type ReleaseIndex } from "../index/mod.ts";
import type { ByteRange, Clock, Log, ManagedStore, ObjectStore } from "../ports/mod.ts";
import { loadTrusted, MemoryMetadataStore, refresh } from "../tuf/mod.ts";
import { Catalog, type CatalogRelease } from "./catalog.ts";
import { ContentMirror, licensedDeltas } from "./content_mirror.ts";
import type { ServedFile } from "./content_store.ts";
import type { EdgeStatus, RefreshTrouble } from "./edge_status.ts";
import { Generation, type MetadataFile, readMetadata } from "./generation.ts";
import { InFlight } from "./in_flight.ts";
import { readStoredChunks, type StoredChunk } from "./stored_chunks.ts";
import { releaseNovelties, type ReleaseNovelty } from "./release_novelty.ts";
import { scrubStore } from "./scrub.ts";
import { type SweepResult, sweepStore } from "./sweep.ts";
import type { Upstream } from "./upstream.ts";
import { objectName } from "./verified_object.ts";

/** What an edge is made of. */
export interface EdgeOptions {
  /** Where verified content is kept. */
  readonly store: ObjectStore;
  /** The repository that is mirrored. */
  readonly upstream: Upstream;
  /** The publisher's root metadata, from which trust starts. */
  readonly trustedRoot: Uint8Array;
  /** Tells what has expired. */
  readonly clock: Clock;
  /** Told what the edge does and why. */
  readonly log: Log;
  /** Bring content only when it is first asked for. Default false: all of it, at each refresh. */
  readonly onDemand?: boolean;
}

/** What is served: metadata and what it licenses, always of one generation. */
interface Served {
  readonly generation: Generation;
  readonly catalog: Catalog;
}

/** A file to serve, and for how long it may be kept. */
export interface ServedTarget {
  /** Its content. */
  readonly file: ServedFile;
  /** True when its URL names its content. */
  readonly immutable: boolean;
}

/** What looking after a store found and did. */
export interface Maintenance extends SweepResult {
  /** Keys of objects that had rotted. */
  readonly damaged: readonly string[];
}

/** Verified metadata files kept in memory: how long each may be, and how many; 4 MiB in all. */
const SMALL_METADATA_BYTES = 64 * 1024;
const SMALL_METADATA_FILES = 64;

/** Releases that are compared for people. */
const SHOWN_RELEASES = 20;

/** Warn so long before metadata expires, in milliseconds: a day, to act in. */
const EXPIRY_WARNING = 24 * 60 * 60_000;

/**
 * A verified mirror of one repository. It serves the last generation that it verified, whatever the
 * upstream does since, and says why it is not newer.
 */
export class Edge {
  readonly #options: EdgeOptions;
  readonly #mirror: ContentMirror;
  readonly #refreshing = new InFlight<boolean>();
  #served: Served | undefined;
  #confirmedAt: number | null = null;
  #trouble: RefreshTrouble | null = null;
  #files:
    | { catalog: Catalog; byKey: Promise<ReadonlyMap<string, () => Promise<ServedFile>>> }
    | undefined;
  /** Keys of packs and deltas that were served, of one catalog. */
  #servedKeys: { readonly catalog: Catalog; readonly keys: Set<string> } | undefined;
  readonly #smallMetadata = new Map<string, Uint8Array<ArrayBuffer>>();
  #novelties: { catalog: Catalog; list: Promise<readonly ReleaseNovelty[]> } | undefined;

  private constructor(options: EdgeOptions) {
    this.#options = options;
    this.#mirror = new ContentMirror(options.store, options.upstream);
  }

  /**
   * An edge that serves what its store holds from before, without asking the upstream. Damaged or foreign
   * state in the store is logged and counts as none.
   */
  static async open(options: EdgeOptions): Promise<Edge> {
    const edge = new Edge(options);
    try {
      const { generation, damage } = await Generation.load(options.store);
      if (generation !== undefined) await edge.#adopt(generation);
      else if (damage !== undefined) throw damage;
    } catch (error) {
      edge.#trouble = edge.#report("kept metadata refused", error);
    }
    return edge;
  }

  /**
   * Asks the upstream for news, brings what is new and makes it current. On a failure what is served
   * stays; the reason stands in {@linkcode Edge.status}. Calls at the same time are one.
   *
   * @returns True when there was news.
   * @throws {BrecciaError} of the trust, content, network and storage families; `cancelled`.
   */
  refresh(signal?: AbortSignal): Promise<boolean> {
    return this.#refreshing.join("refresh", async () => {
      try {
        const news = await this.#refresh(signal);
        this.#confirmedAt = this.#options.clock.now();
        this.#trouble = null;
        return news;
      } catch (error) {
        if (!isBrecciaError(error, "cancelled")) {
          this.#trouble = this.#report("refresh failed", error);
        }
        throw error;
      }
    });
  }

  /**
   * Looks after the store: what has rotted is removed and brought again, what nothing has needed for
   * `grace` milliseconds goes. Readers and refreshes may run meanwhile.
   *
   * @throws {BrecciaError} of the network family when the upstream can't mend it; the storage family.
   */
  async maintain(
    store: ManagedStore,
    { grace, signal }: { readonly grace: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Maintenance> {
    const damaged = await scrubStore(store, { signal });
    for (const key of damaged) this.#options.log("warn", "damaged object removed", { key });
    if (damaged.some((key) => key.startsWith("metadata/"))) await this.refresh(signal);
    const served = this.#served;
    if (served === undefined) return { damaged, removed: 0, removedBytes: 0, waiting: 0 };
    const { generation, catalog } = served;
    if (!this.#options.onDemand && damaged.length > 0) {
      await this.#mirror.bringAll(catalog, signal);
    }
    const needed = new Set(generation.keys());
    for await (const key of this.#mirror.keys(catalog)) needed.add(key);
    const now = this.#options.clock.now();
    return { damaged, ...await sweepStore(store, needed, { now, grace, signal }) };
  }

  /** The metadata file that a client asks for as `name`, a URL path segment; `undefined` if none. */
  metadataFile(name: string): ServedFile | undefined {
    const file = this.#served?.generation.file(name);
    if (file === undefined) return undefined;
    const read = async function* (this: Edge, { offset, length }: ByteRange) {
      yield (await this.#metadataBytes(file)).slice(offset, offset + length);
    }.bind(this);
    return { size: file.bytes, etag: file.sha256, read };
  }

  /** Small files are asked for by every client, all the time: they are kept in memory. */
  async #metadataBytes(file: MetadataFile): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#smallMetadata.get(file.sha256);
    if (kept !== undefined) return kept;
    const bytes = await readMetadata(this.#options.store, file);
    if (bytes.length <= SMALL_METADATA_BYTES) {
      if (this.#smallMetadata.size >= SMALL_METADATA_FILES) this.#smallMetadata.clear();
      this.#smallMetadata.set(file.sha256, bytes);
    }
    return bytes;
  }

  /** The target at a location below `/targets/`, not percent-encoded. */
  async target(location: string): Promise<ServedTarget | undefined> {
    const catalog = this.#served?.catalog;
    const match = catalog?.find(location);
    if (catalog === undefined || match === undefined) return undefined;
    const file = await this.#mirror.openTarget(catalog, match.target);
    return { file, immutable: match.immutable };
  }

  /** The pack or delta under its key, `packs/HEX` or `deltas/HEX`, if a current index names it. */
  async content(key: string): Promise<ServedFile | undefined> {
    const catalog = this.#served?.catalog;
    if (catalog === undefined) return undefined;
    if (this.#files?.catalog !== catalog) {
      const byKey = this.#contentOf(catalog);
      this.#files = { catalog, byKey };
      // A failure is for those who asked meanwhile; the next one tries again.
      byKey.catch(() => this.#files = undefined);
    }
    const file = await (await this.#files.byKey).get(key)?.();
    if (file !== undefined) {
      if (this.#servedKeys?.catalog !== catalog) this.#servedKeys = { catalog, keys: new Set() };
      this.#servedKeys.keys.add(key);
    }
    return file;
  }

  /**
   * The verified bytes of a pack or delta that {@linkcode Edge.content} has served of this generation, if
   * they are still in memory. Must not be changed.
   */
  contentInMemory(key: string): Uint8Array<ArrayBuffer> | undefined {
    const served = this.#servedKeys;
    if (served === undefined || served.catalog !== this.#served?.catalog) return undefined;
    return served.keys.has(key) ? this.#mirror.content.inMemory(key) : undefined;
  }

  /**
   * A reader of the stored chunks of a request, in its order, or `undefined` when no current release has
   * that index. A chunk that can't be had is read as `undefined` bytes.
   *
   * @throws {BrecciaError} `http-malformed` when the index has no such chunk.
   */
  async chunks(
    request: ChunkRequest,
  ): Promise<((signal: AbortSignal) => AsyncIterable<StoredChunk>) | undefined> {
    const catalog = this.#served?.catalog;
    const name = encodeHex(request.index);
    const release = catalog?.releases.find(({ index }) => objectName(index) === name);
    if (catalog === undefined || release === undefined) return undefined;
    const index = await this.#mirror.openIndex(catalog, release);
    if (request.ordinals.some((ordinal) => ordinal >= index.chunks.count)) {
      throw new BrecciaError(
        "http-malformed",
        `Cannot answer: the release has ${index.chunks.count} chunks; ask for those it has`,
      );
    }
    const open = async (_: unknown, number: number): Promise<ServedFile | undefined> => {
      try {
        return await this.#mirror.openPack(index, number);
      } catch (error) {
        this.#report("pack unavailable", error);
        return undefined;
      }
    };
    return (signal) => readStoredChunks(index, request.ordinals, open, signal);
  }

  /** The newest releases and how much of each is new: for people. Computed once a generation. */
  async novelties(): Promise<readonly ReleaseNovelty[]> {
    const catalog = this.#served?.catalog;
    if (catalog === undefined) return [];
    if (this.#novelties?.catalog !== catalog) {
      const open = (release: CatalogRelease) => this.#mirror.openIndex(catalog, release);
      const list = releaseNovelties(catalog, open, SHOWN_RELEASES);
      this.#novelties = { catalog, list };
      list.catch(() => this.#novelties = undefined);
    }
    return await this.#novelties.list;
  }

  /** How the edge fares. */
  status(): EdgeStatus {
    const { clock, upstream } = this.#options;
    const catalog = this.#served?.catalog;
    const metadata = catalog?.metadata;
    const expires = metadata?.expires ?? null;
    return {
      upstream: upstream.hosts,
      ready: expires !== null && expires > clock.now(),
      reasons: this.#reasons(expires, clock.now()),
      confirmedAt: this.#confirmedAt,
      expires,
      metadata: metadata === undefined ? null : {
        root: metadata.root.version,
        timestamp: metadata.timestamp.version,
        snapshot: metadata.snapshot.version,
        targets: metadata.targets.version,
      },
      targets: catalog?.targets.size ?? 0,
      releases: (catalog?.releases ?? []).map(({ info }) => ({
        app: info.app,
        version: info.version,
        platform: info.platform,
        channels: info.channels,
      })),
      trouble: this.#trouble,
      upstreamTraffic: { requests: upstream.requests, bytes: upstream.bodyBytes },
    };
  }

  #reasons(expires: number | null, now: number): string[] {
    const reasons: string[] = [];
    if (expires === null) reasons.push("There is no verified metadata yet.");
    else if (expires <= now) reasons.push("The metadata has expired; clients refuse it.");
    else if (expires - now < EXPIRY_WARNING) {
      const hours = Math.max(1, Math.floor((expires - now) / 3_600_000));
      reasons.push(`The metadata expires within ${hours} h; upstream must be refreshed.`);
    }
    if (this.#trouble !== null) reasons.push(this.#trouble.message);
    return reasons;
  }

  async #refresh(signal: AbortSignal | undefined): Promise<boolean> {
    const { store, upstream, trustedRoot, clock, onDemand } = this.#options;
    const replaces = await this.#adoptNewest();
    const before = this.#served?.generation;
    const baseline = await before?.trusted(store).catch((error) => {
      // Damaged: trust starts from the shipped root again, and what is fetched is stored anew.
      if (!isBrecciaError(error, "storage-corrupt")) throw error;
      this.#report("kept metadata refused", error);
      return undefined;
    });
    const kept = baseline ?? new MemoryMetadataStore();
    const metadata = await refresh({
      source: upstream,
      store: kept,
      trustedRoot,
      now: clock.now(),
      signal,
    });
    if (baseline !== undefined && await before?.holds(kept)) return false;
    const catalog = await Catalog.read(metadata);
    if (!onDemand) await this.#mirror.bringAll(catalog, signal);
    const generation = await Generation.commit(store, metadata, kept, { before, replaces });
    this.#served = { generation, catalog };
    this.#options.log("info", "generation", {
      timestamp: metadata.timestamp.version,
      targets: catalog.targets.size,
      releases: catalog.releases.length,
    });
    return true;
  }

  /**
   * Takes over what another process on the same store has made current since. Returns the tag of the
   * pointer, which the next generation replaces: a damaged pointer must not stop the edge for ever.
   */
  async #adoptNewest(): Promise<string | null> {
    const { generation, etag } = await Generation.load(this.#options.store);
    if (generation !== undefined && etag !== this.#served?.generation.etag) {
      await this.#adopt(generation);
    }
    return etag;
  }

  async #adopt(generation: Generation): Promise<void> {
    const { store, trustedRoot } = this.#options;
    const kept = await generation.trusted(store);
    const metadata = await loadTrusted({ store: kept, trustedRoot, now: generation.verifiedAt });
    this.#served = { generation, catalog: await Catalog.read(metadata) };
  }

  async #contentOf(catalog: Catalog): Promise<ReadonlyMap<string, () => Promise<ServedFile>>> {
    const files = new Map<string, () => Promise<ServedFile>>();
    for (const release of catalog.releases) {
      const index = await this.#mirror.openIndex(catalog, release);
      this.#addContent(files, catalog, release, index);
    }
    return files;
  }

  #addContent(
    files: Map<string, () => Promise<ServedFile>>,
    catalog: Catalog,
    release: CatalogRelease,
    index: ReleaseIndex,
  ): void {
    for (const [number, { sha256 }] of index.packs.entries()) {
      files.set(
        packKey(sha256),
        async () =>
          await this.#mirror.openPack(await this.#mirror.openIndex(catalog, release), number),
      );
    }
    for (const delta of licensedDeltas(index)) {
      files.set(delta.key, () => this.#mirror.openDelta(delta));
    }
  }

  #report(event: string, error: unknown): RefreshTrouble {
    const known = isBrecciaError(error);
    const message = known ? error.message : `A defect of Breccia stopped it: ${String(error)}`;
    const code = known ? error.code : "internal";
    this.#options.log(known ? "warn" : "error", event, { code, message });
    return { code, message, at: this.#options.clock.now() };
  }
}
