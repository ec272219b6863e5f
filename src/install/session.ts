import { isBrecciaError } from "../errors.ts";
import type { ReleaseIndex } from "../index/mod.ts";
import type { InstallTarget, TreeReader, TreeWriter } from "../ports/mod.ts";
import { Installation, type InstalledSeed } from "./installation.ts";
import type { InstalledRelease, Subscription } from "./install_record.ts";
import { isPartial } from "./tree_name.ts";

/** An installation as the client uses it: whole steps, each under the lock. */
export interface Session {
  /** The steps beneath, for `rollback`, `status` and checks of what is installed. */
  readonly installation: Installation;
  /** What runs. */
  readonly current: InstalledRelease | undefined;
  /** What the device follows. */
  readonly subscription: Subscription | undefined;
  /** What a rollback left and no update brings again by itself. */
  readonly held: InstalledRelease | undefined;
  /** What waits to be applied. */
  readonly staged: InstalledRelease | undefined;
  /** See {@linkcode Installation.seeds}. */
  seeds(): Promise<InstalledSeed[]>;
  /** The index of what runs, or `undefined` when nothing does or its index is damaged. */
  installedIndex(): Promise<ReleaseIndex | undefined>;
  /**
   * Stages a release: `write` fills the tree. When it throws, what runs is as it was and nothing is staged.
   * The device follows `following` as soon as the release runs.
   *
   * @throws {BrecciaError} what `write` throws; `locked`, `storage-full`, `wrong-state`.
   */
  transfer(
    release: { readonly index: ReleaseIndex; readonly bytes: Uint8Array },
    write: (tree: { readonly writer: TreeWriter; readonly reader: TreeReader }) => Promise<void>,
    following?: Subscription,
  ): Promise<void>;
  /** Verifies what is staged and moves the pointer to it. See {@linkcode Installation.activate}. */
  apply(signal?: AbortSignal): Promise<InstalledRelease>;
  /** Moves the pointer back. See {@linkcode Installation.rollback}. */
  rollback(signal?: AbortSignal): Promise<InstalledRelease>;
  /** See {@linkcode Installation.resume}. */
  resume(): Promise<InstalledRelease | undefined>;
}

/** Opens the installation that `target` holds. See {@linkcode Installation.open}. */
export async function openSession(
  target: InstallTarget,
  options: { readonly adopt?: boolean } = {},
): Promise<Session> {
  const installation = await Installation.open(target, options);
  return {
    installation,
    get current() {
      return installation.record.current;
    },
    get subscription() {
      return installation.record.subscription;
    },
    get held() {
      return installation.record.held;
    },
    get staged() {
      return installation.record.staged;
    },
    seeds: () => installation.seeds(),
    installedIndex: () => installedIndex(installation),
    transfer: (release, write, following) =>
      installation.exclusively(async () => {
        const partial = (await installation.ownTrees()).find(isPartial);
        const tree = await installation.beginTransfer(
          release.index,
          release.bytes,
          partial,
          following,
        );
        try {
          await write(tree);
        } catch (error) {
          await installation.abandonTransfer();
          throw error;
        } finally {
          await tree.reader.close();
        }
        await installation.endTransfer(tree);
      }),
    apply: async (signal) => {
      // Nothing is written, not even a lock, where there is nothing to do.
      installation.requireStaged();
      return await installation.exclusively(async () => {
        const verified = await installation.verifyStaged(signal === undefined ? {} : { signal });
        await installation.activate(verified);
        return verified.release;
      });
    },
    rollback: async (signal) => {
      installation.requirePrevious();
      return await installation.exclusively(() =>
        installation.rollback(signal === undefined ? {} : { signal })
      );
    },
    resume: async () => {
      // Nothing is written, not even a lock, where nothing is held.
      if (installation.record.held === undefined) return undefined;
      return await installation.exclusively(() => installation.resume());
    },
  };
}

async function installedIndex(installation: Installation): Promise<ReleaseIndex | undefined> {
  const { current } = installation.record;
  if (current === undefined) return undefined;
  try {
    return await installation.indexOf(current);
  } catch (error) {
    if (isBrecciaError(error, "storage-corrupt", "index-malformed", "frame-malformed")) {
      return undefined;
    }
    throw error;
  }
}
