import { isBrecciaError } from "../errors.ts";
import type { Clock, ObjectStore } from "../ports/mod.ts";
import {
  encodeMetadata,
  fileNameOf,
  type MetadataByType,
  readMetadata,
  type Root,
  signMetadata,
  stringifyJson,
  type Targets,
  type UnverifiedMetadata,
} from "../tuf/mod.ts";
import { loadConfig } from "./app_config.ts";
import { expiryOf } from "./next_metadata.ts";
import { type PublishedMetadata, teamOf } from "./published_metadata.ts";
import { signingTime } from "./signing_time.ts";

/** Roles whose next metadata is drafted before it is signed. */
export type DraftedRole = "root" | "targets";

/**
 * A draft: metadata as the next `publish` will sign it. It lies beside the published folders and is the
 * whole next state, so that a crash leaves either the old draft or the new one. What is staged is
 * the difference between the draft and what is published. In a ceremony, signatures gather in it.
 */
export interface Draft<T extends DraftedRole> {
  /** The next metadata; what is published when nothing is staged. */
  readonly metadata: MetadataByType[T];
  /** The draft in the store; `undefined` when there is none, or it was published already. */
  readonly file: UnverifiedMetadata<T> | undefined;
  /** Version of the draft in the store, `null` when there is none yet. */
  readonly etag: string | null;
}

/** Where the draft of a role's metadata lies. */
export function draftKey(role: string): string {
  return `.breccia/drafts/${fileNameOf(role)}`;
}

/** The draft of a role, or of a team; what is published when nothing is staged. */
export async function loadDraft<T extends DraftedRole>(
  store: ObjectStore,
  role: T,
  published: PublishedMetadata,
  name: string = role,
): Promise<Draft<T>> {
  const current = currentOf(published, role, name);
  const object = await store.get(draftKey(name));
  if (object === undefined) return { metadata: current, file: undefined, etag: null };
  const file = readMetadata(object.bytes, role, `the draft of ${name}.json`);
  // Drafts are never removed: another process may be changing them. An old one is just outdated.
  const outdated = role === "root"
    ? file.signed.version <= current.version
    : file.signed.version <= current.version && sameContent(file.signed, current);
  return outdated
    ? { metadata: current, file: undefined, etag: object.etag }
    : { metadata: file.signed, file, etag: object.etag };
}

/**
 * Changes a draft: `change` is given the draft and returns the next one, on which no signature stands
 * yet. Version and expiry are fixed here, so that copies of the draft can be signed elsewhere and put
 * together again. It is called again when another process changed the draft meanwhile, so two `add` at once
 * both count; when it throws, nothing is written.
 *
 * @throws {BrecciaError} `clock-wrong` when what is dated now would have expired; what `change` throws.
 */
export async function changeDraft<T extends DraftedRole>(
  store: ObjectStore,
  role: T,
  published: PublishedMetadata,
  change: (draft: MetadataByType[T]) => MetadataByType[T] | Promise<MetadataByType[T]>,
  { clock, name = role }: { readonly clock: Clock; readonly name?: string | undefined },
): Promise<void> {
  const config = await loadConfig(store);
  const expires = expiryOf(config, role, signingTime(config, published, clock.now()));
  for (;;) {
    const draft = await loadDraft(store, role, published, name);
    const version = currentOf(published, role, name).version + 1;
    const bytes = await signMetadata({ ...await change(draft.metadata), version, expires }, []);
    try {
      await store.put(draftKey(name), bytes, { ifMatch: draft.etag });
      return;
    } catch (error) {
      if (!isBrecciaError(error, "storage-conflict")) throw error;
    }
  }
}

function currentOf<T extends DraftedRole>(
  published: PublishedMetadata,
  role: T,
  name: string,
): MetadataByType[T] {
  return name === role ? published[role] : teamOf(published, name) as MetadataByType[T];
}

/** True when both say the same, whatever their versions and expiry. */
export function sameContent(a: Root | Targets, b: Root | Targets): boolean {
  return contentOf(a) === contentOf(b);
}

function contentOf(metadata: Root | Targets): string {
  return stringifyJson(encodeMetadata({ ...metadata, version: 1, expires: 0 }));
}
