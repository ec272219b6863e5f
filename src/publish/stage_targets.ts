import type { Clock, ObjectStore } from "../ports/mod.ts";
import type { TargetFile, Targets } from "../tuf/mod.ts";
import { binFor, binsOf } from "./delegation.ts";
import { changeDraft, loadDraft } from "./drafts.ts";
import type { PublishedMetadata } from "./published_metadata.ts";

/** How targets are staged. */
export interface StagingOptions {
  /** Team that licenses them; the targets role or its hash bins unless given. */
  readonly team?: string | undefined;
  /** The path that makes the others mean something: it is staged last. */
  readonly last: string;
  /** Throws when `last` must not be added to a draft that rivals may have changed meanwhile. */
  readonly check: (draft: Targets) => void;
  /** Tells from when the draft counts its validity. */
  readonly clock: Clock;
}

/**
 * Adds targets to the draft of the role that licenses them. With hash bins each goes to its bin, the index
 * of a release last: who stops in between leaves an archive that nothing names, and no release.
 */
export async function stageTargets(
  store: ObjectStore,
  published: PublishedMetadata,
  staged: ReadonlyMap<string, TargetFile>,
  { team, last, check, clock }: StagingOptions,
): Promise<void> {
  const bins = team === undefined
    ? binsOf((await loadDraft(store, "targets", published)).metadata)
    : undefined;
  const add = (files: Iterable<readonly [string, TargetFile]>, role?: string): Promise<void> =>
    changeDraft(store, "targets", published, (targets): Targets => {
      check(targets);
      return { ...targets, targets: new Map([...targets.targets, ...files]) };
    }, { clock, name: role });
  if (bins === undefined) return await add(staged, team);
  const inOrder = [...staged].sort(([a], [b]) => Number(a === last) - Number(b === last));
  for (const file of inOrder) await add([file], await binFor(bins, file[0]));
}
