import { encodeHex, sha256 } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { decodeIndex, type ReleaseIndex } from "../index/mod.ts";
import type { InstallTarget, ManagedStore, TreeReader, TreeWriter } from "../ports/mod.ts";
import {
  decodeRecord,
  EMPTY_RECORD,
  encodeRecord,
  type InstalledRelease,
  type InstallRecord,
  type Subscription,
} from "./install_record.ts";
import { reconcileRecord } from "./reconcile.ts";
import { requireSpace } from "./space.ts";
import { isPartial, partialName, partialOf, treeName } from "./tree_name.ts";
import { findDamage, type TreeDamage } from "./tree_check.ts";
import {
  foreignTrees,
  indexKey,
  refuseStrangers,
  strangersOf,
  treeOfIndexKey,
} from "./strangers.ts";
import { checkStep, type UpdateState } from "./update_state.ts";
import { VerifiedTree } from "./verified_tree.ts";

const RECORD_KEY = "state.json";

/** A tree on the device that may hold chunks of the next release. None of it is trusted. */
export interface InstalledSeed {
  /** What it is, for people: `"3.1.0 (installed)"`. */
  readonly label: string;
  /** What the tree was when it was written. */
  readonly index: ReleaseIndex;
  /** Reads it. */
  readonly tree: TreeReader;
  /** Name of the tree, when an interrupted transfer left it: only its beginning is there. */
  readonly partial?: string;
}

/**
 * The releases of one app on one device: which runs, which came before, which is being brought, and the
 * steps between them. Every step is recorded before it begins; what runs changes in one instant only,
 * when the pointer moves to a {@linkcode VerifiedTree}.
 *
 * Methods that change anything run inside {@linkcode Installation.exclusively}.
 */
export class Installation {
  readonly #target: InstallTarget;
  #record: InstallRecord = EMPTY_RECORD;
  #adopted: readonly string[] = [];

  private constructor(target: InstallTarget) {
    this.#target = target;
  }

  /**
   * Opens what `target` holds; an empty one is an installation without a release.
   *
   * @param options.adopt Installs beside what other programs keep there; none of it is ever changed.
   * @throws {BrecciaError} `no-installation` when there is no record and the place isn't empty;
   * `storage-corrupt` when the record is broken or the pointer names something that no update put there.
   */
  static async open(
    target: InstallTarget,
    { adopt = false }: { readonly adopt?: boolean } = {},
  ): Promise<Installation> {
    const installation = new Installation(target);
    if (await target.state.head(RECORD_KEY) === undefined) {
      const strangers = await strangersOf(target);
      refuseStrangers(target.location, strangers, adopt);
      installation.#adopted = strangers;
    }
    await installation.#load();
    return installation;
  }

  /** What is remembered, as of the last step or the opening. */
  get record(): InstallRecord {
    return this.#record;
  }

  /** What other programs keep in the same place, when it was adopted at the opening; for people. */
  get adopted(): readonly string[] {
    return this.#adopted;
  }

  /** The trees that updates wrote here, whole or in part; none that anybody else put beside them. */
  async ownTrees(): Promise<string[]> {
    const trees = await this.#target.trees();
    const foreign = new Set(await foreignTrees(this.#target));
    return trees.filter((tree) => !foreign.has(tree));
  }

  /** The small files beside the trees. */
  get files(): ManagedStore {
    return this.#target.state;
  }

  /** Where it is, for people. */
  get location(): string {
    return this.#target.location;
  }

  /**
   * Runs `work` while holding the lock: one updater at a time, and the lock dies with its process.
   *
   * @throws {BrecciaError} `locked` when another updater is at work.
   */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.#target.lock();
    try {
      await this.#load();
      return await work();
    } finally {
      await release();
    }
  }

  /**
   * The index of a release on the device.
   *
   * @throws {BrecciaError} `storage-corrupt` when it is gone or is not the one that was installed.
   */
  async indexOf(release: InstalledRelease): Promise<ReleaseIndex> {
    const stored = await this.files.get(indexKey(release.tree));
    if (stored === undefined || encodeHex(await sha256(stored.bytes)) !== release.index) {
      throw new BrecciaError(
        "storage-corrupt",
        `Cannot read the index of ${release.app} ${release.version} under state/: it is ${
          stored === undefined ? "gone" : "changed"
        }; update to a release that is offered`,
      );
    }
    return await decodeIndex(stored.bytes);
  }

  /** Reads the tree of a release on the device. The caller closes it. */
  readTree(release: InstalledRelease): TreeReader {
    return this.#target.read(release.tree);
  }

  /**
   * Every tree that may hold chunks of the next release, the best first: what an interrupted transfer
   * left, what is staged, what runs, what ran before. One whose index can't be read is left out.
   * The caller closes their readers.
   */
  async seeds(): Promise<InstalledSeed[]> {
    const { current, previous, staged } = this.#record;
    const trees = new Set(await this.ownTrees());
    const seeds: InstalledSeed[] = [];
    const add = async (tree: string, source: string, role: string): Promise<void> => {
      if (!trees.has(tree)) return;
      const stored = await this.files.get(indexKey(source));
      const index = stored && await decodeIndex(stored.bytes).catch(() => undefined);
      if (index === undefined) return;
      seeds.push({
        label: `${index.version} (${role})`,
        index,
        tree: this.#target.read(tree),
        ...(isPartial(tree) ? { partial: tree } : {}),
      });
    };
    for (const tree of trees) if (isPartial(tree)) await add(tree, partialOf(tree), "interrupted");
    if (staged !== undefined) await add(staged.tree, staged.tree, "staged");
    if (current !== undefined) await add(current.tree, current.tree, "installed");
    if (previous !== undefined) await add(previous.tree, previous.tree, "previous");
    return seeds;
  }

  /**
   * Begins to bring a release: checks the space, keeps its index, records it as staged, and opens a tree
   * to write it into. Trees left by earlier transfers are removed, except `keepPartial`.
   *
   * @param indexBytes The index as it was verified.
   * @param following What the device will follow once this release runs.
   * @throws {BrecciaError} `storage-full` naming the bytes needed, before anything is written;
   * `wrong-state`.
   */
  async beginTransfer(
    index: ReleaseIndex,
    indexBytes: Uint8Array,
    keepPartial?: string,
    following?: Subscription,
  ): Promise<TransferTree> {
    checkStep(this.#record.state, "transferring", "begin an update", "run `rollback` or try later");
    const tree = treeName(index);
    const release: InstalledRelease = {
      app: index.app,
      version: index.version,
      platform: index.platform,
      tree,
      index: encodeHex(await sha256(indexBytes)),
    };
    await requireSpace(this.#target, index);
    const name = partialName(tree, keepPartial);
    await this.#refuseTaken(tree, name);
    await this.files.put(indexKey(tree), indexBytes);
    await this.#save({ ...this.#record, state: "transferring", staged: release, following });
    await this.#sweep(keepPartial);
    return { writer: this.#target.write(name), reader: this.#target.read(name), name };
  }

  /**
   * Gives a transfer up. A partial tree that its writer left stays as a seed for the next one; nothing is
   * staged any more.
   */
  async abandonTransfer(): Promise<void> {
    const partial = (await this.ownTrees()).find(isPartial);
    if (partial !== undefined) return;
    const state = this.#record.current === undefined ? "inactive" : "finished";
    await this.#save({ ...this.#record, state, staged: undefined, following: undefined });
    await this.#sweep();
  }

  /** Gives the tree that was written its name. Partial trees have served. */
  async endTransfer(transfer: TransferTree): Promise<void> {
    const staged = this.#staged("transferred", "stage the release");
    await this.#target.remove(staged.tree);
    await this.#target.rename(transfer.name, staged.tree);
    await this.#save({ ...this.#record, state: "transferred" });
    await this.#sweep();
  }

  /**
   * Reads the staged tree back and compares it with its index.
   *
   * @throws {BrecciaError} `wrong-state` when nothing is staged; `install-mismatch`, after which the
   * staged tree is only a seed.
   */
  async verifyStaged(options?: { readonly signal?: AbortSignal }): Promise<VerifiedTree> {
    const staged = this.#staged("verifying", "verify an update");
    await this.#save({ ...this.#record, state: "verifying" });
    const verified = await this.#verify(staged, options);
    await this.#save({ ...this.#record, state: "verified" });
    return verified;
  }

  /** Moves the pointer to the staged release. What ran before is kept as the previous one. */
  async activate(verified: VerifiedTree): Promise<void> {
    const staged = this.#staged("applying", "apply an update");
    if (verified.release.tree !== staged.tree) {
      throw new BrecciaError(
        "wrong-state",
        `Cannot apply ${verified.release.version}: ${staged.version} is staged; verify it again`,
      );
    }
    await this.#save({ ...this.#record, state: "applying" });
    await this.#target.point(staged.tree);
    await this.#load();
    await this.#save(this.#record);
    await this.#sweep();
  }

  /**
   * Moves the pointer back to the previous release, which is verified first. The one that ran becomes
   * the previous one, so that a second rollback leads forward again. It is held: no update brings it
   * again by itself, unless it was this that had been held.
   *
   * @throws {BrecciaError} `no-installation` when there is no previous release; `install-mismatch` when
   * it is damaged; what runs is then unchanged.
   */
  async rollback(options?: { readonly signal?: AbortSignal }): Promise<InstalledRelease> {
    const previous = this.requirePrevious();
    const { state } = this.#record;
    const idle: UpdateState = this.#record.staged === undefined ? "finished" : state;
    const { release } = await this.#verify(previous, options);
    const { current, held } = this.#record;
    if (held?.tree !== release.tree) await this.#save({ ...this.#record, held: current });
    await this.#target.point(release.tree);
    await this.#load();
    await this.#save({ ...this.#record, state: idle });
    return release;
  }

  /** Lets what a rollback left come again; says what that was. */
  async resume(): Promise<InstalledRelease | undefined> {
    const { held } = this.#record;
    if (held !== undefined) await this.#save({ ...this.#record, held: undefined });
    return held;
  }

  /**
   * The release that a rollback leads to.
   *
   * @throws {BrecciaError} `no-installation` when there is none.
   */
  requirePrevious(): InstalledRelease {
    const { previous } = this.#record;
    if (previous !== undefined) return previous;
    throw new BrecciaError(
      "no-installation",
      `Cannot roll back in ${this.location}: there is no previous release; use \`update -V\``,
    );
  }

  /**
   * The release that waits to be applied.
   *
   * @throws {BrecciaError} `wrong-state` when there is none.
   */
  requireStaged(): InstalledRelease {
    const { state, staged } = this.#record;
    if (staged !== undefined) return staged;
    throw new BrecciaError(
      "wrong-state",
      `Cannot apply an update in ${this.location}: the update is ${state} and nothing is staged; run ` +
        `\`update --download-only\` first`,
    );
  }

  /** What differs between a release on the device and its index. */
  async *damage(
    release: InstalledRelease,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<TreeDamage, void, undefined> {
    const index = await this.indexOf(release);
    const tree = this.readTree(release);
    try {
      yield* findDamage(index, tree, options);
    } finally {
      await tree.close();
    }
  }

  async #verify(
    release: InstalledRelease,
    options?: { readonly signal?: AbortSignal },
  ): Promise<VerifiedTree> {
    const tree = this.readTree(release);
    try {
      return await VerifiedTree.verify(release, await this.indexOf(release), tree, options);
    } finally {
      await tree.close();
    }
  }

  #staged(next: UpdateState, verb: string): InstalledRelease {
    const { state, staged } = this.#record;
    checkStep(state, next, verb, "run `update` first");
    if (staged === undefined) {
      throw new BrecciaError("wrong-state", `Cannot ${verb}: nothing is staged; run \`update\``);
    }
    return staged;
  }

  /** The index that is put next would make a tree of that name ours. */
  async #refuseTaken(...names: readonly string[]): Promise<void> {
    const taken = (await foreignTrees(this.#target)).find((tree) => names.includes(tree));
    if (taken === undefined) return;
    throw new BrecciaError(
      "storage-conflict",
      `Cannot stage the release in ${this.location}: no update put releases/${taken} there; ` +
        "move it away and run it again",
    );
  }

  /** Removes trees and indexes of ours that nothing names any more: a tree goes before its index. */
  async #sweep(keepPartial?: string): Promise<void> {
    const { current, previous, staged } = this.#record;
    const kept = new Set([current?.tree, previous?.tree, staged?.tree, keepPartial]);
    for (const tree of await this.ownTrees()) {
      if (!kept.has(tree)) await this.#target.remove(tree);
    }
    if (keepPartial !== undefined) kept.add(partialOf(keepPartial));
    for await (const { key } of this.files.list("indexes/")) {
      const tree = treeOfIndexKey(key);
      if (tree !== undefined && !kept.has(tree)) await this.files.delete(key);
    }
  }

  async #load(): Promise<void> {
    const stored = await this.files.get(RECORD_KEY);
    const record = stored === undefined ? EMPTY_RECORD : decodeRecord(stored.bytes);
    this.#record = reconcileRecord(record, await this.#target.pointer());
  }

  async #save(record: InstallRecord): Promise<void> {
    await this.files.put(RECORD_KEY, encodeRecord(record));
    this.#record = record;
  }
}

/** A tree that is being written, and can already be read. */
export interface TransferTree {
  /** Its name while it is written. */
  readonly name: string;
  /** Writes it, in the order of the stream. */
  readonly writer: TreeWriter;
  /** Reads what was written so far. */
  readonly reader: TreeReader;
}
