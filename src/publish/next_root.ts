import type { ObjectStore } from "../ports/mod.ts";
import {
  addSignatures,
  countedSignatures,
  readMetadata,
  type Root,
  type UnverifiedMetadata,
} from "../tuf/mod.ts";
import { ceremonyState, isComplete, rulesFor } from "./ceremony.ts";
import { draftKey, loadDraft } from "./drafts.ts";
import { availableSigners, type KeyRing } from "./key_ring.ts";
import { type PublishedMetadata, ruleOf } from "./published_metadata.ts";

/** Roles below the root, in the order in which they are signed and written. */
export const SIGNED_ROLES = ["targets", "snapshot", "timestamp"] as const;

/** A role below the root. */
export type SignedRole = typeof SIGNED_ROLES[number];

/**
 * The drafted root, signed with the keys at hand on top of the signatures that were collected.
 * `undefined` when there is no draft; `"pending"` when signatures are missing still: then those that were
 * made here are kept in the draft.
 */
export async function completeRoot(
  store: ObjectStore,
  published: PublishedMetadata,
  keys: KeyRing,
): Promise<UnverifiedMetadata<"root"> | "pending" | undefined> {
  const draft = await loadDraft(store, "root", published);
  if (draft.file === undefined) return undefined;
  const rules = rulesFor(published, "root", draft.file.bytes);
  const signers = (await Promise.all(rules.map((rule) => availableSigners(keys, rule)))).flat();
  const bytes = await addSignatures(draft.file.bytes, "root.json", signers);
  const file = readMetadata(bytes, "root", "root.json");
  if (isComplete(await ceremonyState(file, rules))) return file;
  if (signers.length > 0) await store.put(draftKey("root"), bytes, { ifMatch: draft.etag });
  return "pending";
}

/** Roles whose current files the keys of the next root do not vouch for. */
export async function rolesToResign(
  published: PublishedMetadata,
  next: Root,
): Promise<readonly SignedRole[]> {
  const roles: SignedRole[] = [];
  for (const role of SIGNED_ROLES) {
    const rule = ruleOf(next, role);
    const file = published.files.get(role);
    const counted = file === undefined ? 0 : (await countedSignatures(file, rule)).size;
    if (counted < rule.role.threshold) roles.push(role);
  }
  return roles;
}
