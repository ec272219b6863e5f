import { type MetadataFetcher, recall } from "./metadata_fetcher.ts";
import { fileNameOf, keptNameOf, keptNamesOf } from "./role.ts";
import type { SigningRule } from "./threshold.ts";
import type { CurrentRoot } from "./trusted_root.ts";
import type { CurrentSnapshot } from "./trusted_snapshot.ts";
import { snapshotMeta, TrustedTargets } from "./trusted_targets.ts";

/**
 * TUF 5.6: the metadata of a targets role that the snapshot names, kept from before or fetched. `rule`
 * is what its delegator says of it.
 *
 * @throws {BrecciaError} the codes of {@linkcode TrustedTargets} and those of fetching.
 */
export async function refreshTargets(
  snapshot: CurrentSnapshot,
  role: string,
  rule: SigningRule,
  fetcher: MetadataFetcher,
): Promise<TrustedTargets> {
  const { store, limits } = fetcher;
  const verify = (bytes: Uint8Array) => TrustedTargets.verify(snapshot, role, rule, bytes);
  for (const name of keptNamesOf(role)) {
    const kept = await recall(store, name, verify);
    if (kept !== undefined) return kept;
  }

  // 5.6.1: at most as long as the snapshot says.
  const meta = snapshotMeta(snapshot, role);
  const name = versionedName(snapshot.timestamp.root, role, meta.version);
  const bound = fetcher.boundFor(name, meta, limits.targetsBytes);
  const targets = await fetcher.fetch(name, bound, verify);
  await store.put(keptNameOf(role), targets.bytes); // 5.6.6
  return targets;
}

/** The name under which a repository serves a version of a role's metadata (TUF 6.2). */
export function versionedName(root: CurrentRoot, role: string, version: number): string {
  return fileNameOf(role, root.trusted.signed.consistentSnapshot ? version : undefined);
}
