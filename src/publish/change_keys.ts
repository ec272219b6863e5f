import { BrecciaError } from "../errors.ts";
import type { ObjectStore } from "../ports/mod.ts";
import {
  computeKeyId,
  type Key,
  type KeyId,
  type RoleKeys,
  type Root,
  type TopLevelRole,
} from "../tuf/mod.ts";
import { changeDraft } from "./drafts.ts";
import { loadPublished } from "./published_metadata.ts";

/** What becomes of the keys of a role. */
export interface KeyChange {
  /** Whose keys change. */
  readonly role: TopLevelRole;
  /** Keys that may sign from now on. */
  readonly add?: readonly Key[];
  /** Keys that may not any more; `"all"` means every one that is there now. */
  readonly revoke?: readonly KeyId[] | "all";
  /** How many must sign, when that changes. */
  readonly threshold?: number | undefined;
}

/**
 * Drafts the next root with other keys. `publishRepository` makes it visible once the keys of the old
 * root and of the new one have signed, and has everything signed anew that lost its signers.
 *
 * @throws {BrecciaError} `policy-unsafe` when a key would serve two roles; `usage` when a key to revoke
 * is not there, or too few are left for the threshold; `clock-wrong`.
 */
export async function changeKeys(
  store: ObjectStore,
  change: KeyChange,
  now: number,
): Promise<Root> {
  const published = await loadPublished(store);
  let next = published.root;
  await changeDraft(store, "root", published, async (draft) => {
    next = await changedRoot(draft, change);
    next = { ...next, version: published.root.version + 1 };
    return next;
  }, { clock: { now: () => now } });
  return next;
}

async function changedRoot(root: Root, change: KeyChange): Promise<Root> {
  const { role } = change;
  const before = root.roles.get(role) as RoleKeys;
  const revoked = change.revoke === "all" ? before.keyIds : change.revoke ?? [];
  for (const keyId of revoked) {
    if (!before.keyIds.includes(keyId)) throw noSuchKey(role, keyId);
  }
  const keys = new Map(root.keys);
  const added: KeyId[] = [];
  for (const key of change.add ?? []) {
    const keyId = await computeKeyId(key);
    refuseShared(root, role, keyId);
    keys.set(keyId, key);
    added.push(keyId);
  }
  const keyIds = [...new Set([...before.keyIds.filter((id) => !revoked.includes(id)), ...added])];
  const threshold = change.threshold ?? before.threshold;
  if (threshold > keyIds.length) {
    throw new BrecciaError(
      "usage",
      `Cannot leave ${role} with ${keyIds.length} keys: ${threshold} must sign; add keys or lower ` +
        "its threshold",
    );
  }
  const roles = new Map(root.roles).set(role, { keyIds, threshold });
  const used = new Set([...roles.values()].flatMap(({ keyIds }) => keyIds));
  return { ...root, roles, keys: new Map([...keys].filter(([keyId]) => used.has(keyId))) };
}

/** Whoever steals a key that serves two roles gets both. */
function refuseShared(root: Root, role: TopLevelRole, keyId: KeyId): void {
  for (const [other, { keyIds }] of root.roles) {
    if (other !== role && keyIds.includes(keyId)) {
      throw new BrecciaError(
        "policy-unsafe",
        `Cannot let the key ${
          keyId.slice(0, 8)
        } sign for ${role}: it signs for ${other} already, ` +
          "and whoever steals it would get both; make another key",
      );
    }
  }
}

function noSuchKey(role: TopLevelRole, keyId: KeyId): BrecciaError {
  return new BrecciaError(
    "usage",
    `Cannot revoke the key ${
      keyId.slice(0, 8)
    }: ${role} has no such key; see \`breccia keys list\``,
  );
}
