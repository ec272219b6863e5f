import type { VerifiedChunk } from "../chunk/mod.ts";
import { isBrecciaError } from "../errors.ts";
import { StreamLayout, TreeStream } from "../index/mod.ts";
import { askForDelta } from "./advised_delta.ts";
import { assembleTree } from "./assemble.ts";
import type { FetchedIndex } from "./fetch_index.ts";
import { mirrorKind } from "./chunk_fetch.ts";
import { planUpdate, type UpdatePlan } from "./plan_update.ts";
import { releaseChunks } from "./release_chunks.ts";
import type {
  InstalledRelease,
  InstallSession,
  StagingTree,
  Subscription,
} from "./install_session.ts";
import type { OfferedRelease } from "./app_releases.ts";
import { partialSeed, type Seed, treeSeed } from "./seed.ts";
import type { MirrorSet } from "../transport/mod.ts";

/** How far a download is. */
export interface Progress {
  /** Bytes of the release that are written, and how many there are. */
  readonly written: number;
  /** Bytes that the release has. */
  readonly release: number;
  /** Bytes received since the download began, and how many the plan says. */
  readonly transferred: number;
  /** Bytes that the plan says. */
  readonly planned: number;
}

/** How a download is watched and ended. */
export interface DownloadOptions {
  /** Ends the download; it then throws `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each chunk. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What a download took. */
export interface DownloadResult {
  /** Bytes of HTTP bodies, index included: equal to the plan's total unless `reasons` says why. */
  readonly transferred: number;
  /** Why more travelled than was planned; empty when it did not. */
  readonly reasons: readonly string[];
}

/** What an {@linkcode Update} works with. */
export interface UpdateContext {
  readonly offer: OfferedRelease;
  readonly fetched: FetchedIndex;
  /** Bytes that fetching the index took. */
  readonly indexBytes: number;
  readonly session: InstallSession;
  readonly mirrors: MirrorSet;
  /** What the device follows once this release runs. */
  readonly following: Subscription;
  /** Keeps what is trusted, once all of the release is verified. */
  readonly keepTrust: () => Promise<void>;
  /** Throws when what is staged may not be applied any more. */
  readonly checkStaged: (staged: InstalledRelease) => Promise<void>;
}

/** A signed release that the device does not run yet. */
export class Update {
  /** The version that it brings. */
  readonly version: string;
  /** The role that vouches for it. */
  readonly role: string;
  /** What runs now. */
  readonly installed: InstalledRelease | undefined;
  readonly #context: UpdateContext;
  #plan: Promise<{ plan: UpdatePlan; close: () => Promise<void> }> | undefined;

  /** Made by `Updater.check`. */
  constructor(context: UpdateContext) {
    this.#context = context;
    this.version = context.offer.info.version;
    this.role = context.offer.role;
    this.installed = context.session.current;
  }

  /** What the update will fetch and change. Nothing is written before a `download`. */
  async plan(): Promise<UpdatePlan> {
    this.#plan ??= this.#makePlan();
    return (await this.#plan).plan;
  }

  /**
   * Carries the plan out: every chunk verified, the tree written beside what runs. What was transferred
   * when the network fails serves the next try; when what came was broken or hostile, nothing is kept.
   *
   * @throws {BrecciaError} `locked`, `storage-full`, the content, network and storage families, `cancelled`.
   * What is installed runs on unchanged.
   */
  async download(options: DownloadOptions = {}): Promise<DownloadResult> {
    const { session, fetched, mirrors } = this.#context;
    const plan = await this.plan();
    const received = mirrors.http.bodyBytes;
    const reasons: string[] = [];
    await session.transfer(fetched, async (staging) => {
      const chunks = releaseChunks(plan, {
        mirrors,
        written: new TreeStream(new StreamLayout(fetched.index.entries), staging.reader),
        signal: options.signal,
        onTrouble: (reason) => reasons.push(reason),
      });
      const watched = this.#watched(plan, chunks, received, options);
      await writeTree(fetched, watched, staging);
    }, this.#context.following);
    await this.#context.keepTrust();
    await this.close();
    return { transferred: plan.spent + mirrors.http.bodyBytes - received, reasons };
  }

  /**
   * Reads the downloaded tree back, compares it with its index, and moves the pointer to it.
   *
   * @throws {BrecciaError} `wrong-state` when nothing was downloaded; `version-missing` when it was
   * withdrawn since; `install-mismatch`; the storage family. The pointer then names what it did before.
   */
  async apply(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<InstalledRelease> {
    const { session, checkStaged } = this.#context;
    if (session.staged !== undefined) await checkStaged(session.staged);
    return await session.apply(options.signal);
  }

  /** Releases files that a plan holds open; `download` does it too. */
  async close(): Promise<void> {
    const made = this.#plan;
    this.#plan = undefined;
    await (await made)?.close();
  }

  async #makePlan(): Promise<{ plan: UpdatePlan; close: () => Promise<void> }> {
    const { session, fetched, indexBytes, mirrors } = this.#context;
    const trees = await session.seeds();
    const seeds: Seed[] = [];
    for (const { label, index, tree, partial } of trees) {
      seeds.push(
        partial ? await partialSeed(label, index, tree) : treeSeed(label, index, tree),
      );
    }
    const input = {
      release: fetched,
      indexBytes,
      installed: await session.installedIndex(),
      seeds,
      mirror: mirrorKind(mirrors.preferred),
    };
    const published = planUpdate(input);
    const advised = await askForDelta(fetched, seeds, published.bytes.chunks, mirrors);
    return {
      plan: advised.asked ? planUpdate({ ...input, advised }) : published,
      close: async () => void await Promise.all(trees.map(({ tree }) => tree.close())),
    };
  }

  async *#watched(
    plan: UpdatePlan,
    chunks: AsyncIterable<VerifiedChunk>,
    received: number,
    { onProgress }: DownloadOptions,
  ): AsyncGenerator<VerifiedChunk, void, undefined> {
    const { mirrors } = this.#context;
    let written = 0;
    for await (const chunk of chunks) {
      yield chunk;
      written += chunk.bytes.length;
      onProgress?.({
        written,
        release: plan.bytes.release,
        transferred: plan.spent + mirrors.http.bodyBytes - received,
        planned: plan.bytes.total,
      });
    }
  }
}

/** Writes the tree; what is half written is kept as a seed only if all of it was licensed. */
async function writeTree(
  fetched: FetchedIndex,
  chunks: AsyncIterable<VerifiedChunk>,
  staging: StagingTree,
): Promise<void> {
  try {
    await assembleTree(fetched.index, chunks, staging.writer);
  } catch (error) {
    if (isBrecciaError(error, ...RESUMABLE)) await staging.writer.interrupt();
    else await staging.writer.discard();
    throw error;
  }
}

/** After these the same bytes are still wanted, and the next try goes on where this one ended. */
const RESUMABLE = [
  "cancelled",
  "offline",
  "timeout",
  "http-status",
  "response-truncated",
  "chunk-missing",
] as const;
