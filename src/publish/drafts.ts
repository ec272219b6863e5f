import { isBrecciaError } from "../errors.ts";
import type { ObjectStore } from "../ports/mod.ts";
import {
  encodeMetadata,
  fileNameOf,
  readMetadata,
  signMetadata,
  stringifyJson,
  type Targets,
} from "../tuf/mod.ts";

/**
 * A draft: targets metadata as the next `publish` will sign it. It lies beside the published folders
 * and is the whole next state, so that a crash leaves either the old draft or the new one. What is
 * staged is the difference between the draft and what is published.
 */
export interface Draft {
  readonly targets: Targets;
  /** Version of the draft in the store, `null` when there is none yet. */
  readonly etag: string | null;
}

const DRAFT_NAME = "the draft of targets.json";

/** Where the draft of a role's metadata lies. */
export function draftKey(role: string): string {
  return `.breccia/drafts/${fileNameOf(role)}`;
}

/** The draft of the top-level targets; what is published when nothing was ever staged. */
export async function loadDraft(store: ObjectStore, published: Targets): Promise<Draft> {
  const object = await store.get(draftKey("targets"));
  if (object === undefined) return { targets: published, etag: null };
  return { targets: readMetadata(object.bytes, "targets", DRAFT_NAME).signed, etag: object.etag };
}

/**
 * Changes the draft: `change` is given the draft and returns the next one. It is called again when
 * another process changed the draft meanwhile, so two `add` at once both count; when it throws,
 * nothing is written.
 */
export async function changeDraft(
  store: ObjectStore,
  published: Targets,
  change: (draft: Targets) => Targets,
): Promise<void> {
  for (;;) {
    const draft = await loadDraft(store, published);
    const bytes = await signMetadata(change(draft.targets), []);
    try {
      await store.put(draftKey("targets"), bytes, { ifMatch: draft.etag });
      return;
    } catch (error) {
      if (!isBrecciaError(error, "storage-conflict")) throw error;
    }
  }
}

/** True when both license the same files and delegate alike, whatever their versions and expiry. */
export function sameContent(a: Targets, b: Targets): boolean {
  return contentOf(a) === contentOf(b);
}

function contentOf(targets: Targets): string {
  return stringifyJson(encodeMetadata({ ...targets, version: 1, expires: 0 }));
}
