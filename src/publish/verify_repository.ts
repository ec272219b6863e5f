import {
  createSha256,
  encodeHex,
  equalBytes,
  type IncrementalSha256,
  sha256,
} from "../bytes/mod.ts";
import { BrecciaError, type ErrorCode, isBrecciaError } from "../errors.ts";
import {
  deltaKey,
  type DeltaRef,
  type IndexedFile,
  openStoredChunk,
  packKey,
  type PackRef,
  type ReleaseIndex,
  StreamLayout,
  targetKey,
} from "../index/mod.ts";
import type { ObjectSource } from "../ports/mod.ts";
import type { Targets } from "../tuf/mod.ts";
import { loadConfig } from "./app_config.ts";
import { loadIndex } from "./known_chunks.ts";
import { loadPublished } from "./published_metadata.ts";
import { type LicensedRelease, listReleases } from "./release_list.ts";
import { checkTargetBytes } from "./target_bytes.ts";
import { publishedTargets } from "./teams.ts";

/** Something in a repository that is not as it was signed. */
export interface Finding {
  /** Target path or key of what is wrong. */
  readonly what: string;
  /** What a client would refuse it with. */
  readonly code: ErrorCode;
  /** A sentence for people. */
  readonly message: string;
}

/** What a verification looked at, and what it found. */
export interface Verification {
  /** Releases that were checked. */
  readonly releases: number;
  /** Distinct packs that were whole. */
  readonly packs: number;
  /** Chunks that were as signed. */
  readonly chunks: number;
  /** Empty when all is as it was signed. */
  readonly findings: readonly Finding[];
}

/**
 * Reads everything that a repository licenses and checks it as a client would: signatures, every
 * index, every pack, every chunk, every file, and the stream as a whole. Packs are held one at a time.
 *
 * @throws {BrecciaError} the codes of `loadConfig` and `loadPublished`, without which there is nothing
 * to check against; what is found below is a finding, not a throw.
 */
export async function verifyRepository(
  store: ObjectSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Verification> {
  const { order } = await loadConfig(store);
  const targets = publishedTargets(await loadPublished(store));
  const verifier = new Verifier(store, targets, options.signal);
  const releases = listReleases(targets, order);
  for (const release of releases) await verifier.release(release);
  await verifier.otherTargets(releases);
  return { ...verifier.counts, releases: releases.length, findings: verifier.findings };
}

class Verifier {
  readonly findings: Finding[] = [];
  readonly counts = { packs: 0, chunks: 0 };
  readonly #store: ObjectSource;
  readonly #targets: Pick<Targets, "targets">;
  readonly #signal: AbortSignal | undefined;
  readonly #soundPacks = new Set<string>();
  #pack: { key: string; bytes: Uint8Array } | undefined;

  constructor(
    store: ObjectSource,
    targets: Pick<Targets, "targets">,
    signal: AbortSignal | undefined,
  ) {
    this.#store = store;
    this.#targets = targets;
    this.#signal = signal;
  }

  async release(release: LicensedRelease): Promise<void> {
    await this.#record(release.path, async () => {
      const index = await loadIndex(this.#store, release);
      this.#checkArchive(release, index);
      await this.#checkStream(release, index);
      for (const delta of index.deltas) await this.#checkDelta(delta);
    });
  }

  /** Targets that are neither an index nor an archive: notes, and what other tools put there. */
  async otherTargets(releases: readonly LicensedRelease[]): Promise<void> {
    const known = new Set(releases.flatMap(({ path, info }) => [path, info.archive]));
    for (const [path, target] of this.#targets.targets) {
      if (known.has(path)) continue;
      await this.#record(path, async () => {
        const object = await this.#store.get(targetKey(path, target.hashes.get("sha256") ?? ""));
        if (object === undefined) throw damaged("target-missing", path, "its file is missing");
        await checkTargetBytes(path, object.bytes, target);
      });
    }
  }

  /** The archive is signed but not stored: it must be the stream that the index describes. */
  #checkArchive({ info }: LicensedRelease, index: ReleaseIndex): void {
    const archive = this.#targets.targets.get(info.archive);
    if (
      archive?.length !== index.streamBytes ||
      archive.hashes.get("sha256") !== encodeHex(index.streamSha256)
    ) {
      throw damaged(
        "index-mismatch",
        info.archive,
        "it is not the stream that the index describes",
      );
    }
  }

  async #checkDelta({ sha256: hash, bytes }: DeltaRef): Promise<void> {
    const key = deltaKey(hash);
    const object = await this.#store.get(key);
    if (object === undefined) throw damaged("target-missing", key, "it is missing");
    if (object.size !== bytes || !equalBytes(await sha256(object.bytes), hash)) {
      throw damaged("delta-mismatch", key, "its bytes do not hash to its name");
    }
  }

  async #checkStream({ path }: LicensedRelease, index: ReleaseIndex): Promise<void> {
    const stream = createSha256();
    const files = new FileHashes(index);
    for (const chunk of index.chunks) {
      this.#signal?.throwIfAborted();
      const pack = await this.#loadPack(index.packs[chunk.pack] as PackRef);
      const stored = pack.subarray(chunk.packOffset, chunk.packOffset + chunk.storedLength);
      const { bytes } = await openStoredChunk(stored, chunk);
      stream.update(bytes);
      files.update(chunk.offset, bytes);
      this.counts.chunks++;
    }
    if (!equalBytes(stream.digest(), index.streamSha256)) {
      throw damaged("index-mismatch", path, "its chunks do not make the stream that is signed");
    }
  }

  async #loadPack(pack: PackRef): Promise<Uint8Array> {
    const key = packKey(pack.sha256);
    if (this.#pack?.key === key) return this.#pack.bytes;
    const object = await this.#store.get(key);
    if (object === undefined) throw damaged("chunk-missing", key, "it is missing");
    const sound = this.#soundPacks.has(key) || equalBytes(await sha256(object.bytes), pack.sha256);
    if (!sound || object.size !== pack.bytes) {
      throw damaged("pack-mismatch", key, "its bytes do not hash to its name");
    }
    if (!this.#soundPacks.has(key)) this.counts.packs++;
    this.#soundPacks.add(key);
    this.#pack = { key, bytes: object.bytes };
    return object.bytes;
  }

  async #record(what: string, check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      if (!isBrecciaError(error)) throw error;
      if (error.code === "cancelled") throw error;
      this.findings.push({ what, code: error.code, message: error.message });
    }
  }
}

/** Checks the hash of every file of a release while its stream goes by. */
class FileHashes {
  readonly #layout: StreamLayout;
  readonly #index: ReleaseIndex;
  #hash: IncrementalSha256 = createSha256();

  constructor(index: ReleaseIndex) {
    this.#index = index;
    this.#layout = new StreamLayout(index.entries);
  }

  update(offset: number, bytes: Uint8Array): void {
    for (const piece of this.#layout.pieces(offset, offset + bytes.length)) {
      if (piece.kind !== "content") continue;
      const from = Math.max(piece.start - offset, 0);
      const to = Math.min(piece.end - offset, bytes.length);
      this.#hash.update(bytes.subarray(from, to));
      if (piece.end > offset + bytes.length) continue;
      const file = this.#index.entries[piece.entry] as IndexedFile;
      if (!equalBytes(this.#hash.digest(), file.sha256)) {
        throw damaged("index-mismatch", file.path, "its content is not what the index says");
      }
      this.#hash = createSha256();
    }
  }
}

function damaged(code: ErrorCode, what: string, why: string): BrecciaError {
  return new BrecciaError(
    code,
    `Cannot serve ${what}: ${why}; restore the repository from a backup`,
  );
}
