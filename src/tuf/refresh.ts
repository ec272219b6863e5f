import { ifAccepted, MetadataFetcher, recall } from "./metadata_fetcher.ts";
import { type MetadataLimits, metadataLimits } from "./metadata_limits.ts";
import type { MetadataSource } from "./metadata_source.ts";
import type { MetadataStore } from "./metadata_store.ts";
import { forgetRotated, startingRoot, updateRoot } from "./root_chain.ts";
import { refreshTargets, versionedName } from "./targets_refresh.ts";
import { fetchUnlessUnchanged } from "./unchanged.ts";
import { CurrentRoot } from "./trusted_root.ts";
import { CurrentSnapshot, TrustedSnapshot } from "./trusted_snapshot.ts";
import { CurrentTimestamp, TrustedTimestamp } from "./trusted_timestamp.ts";
import { VerifiedMetadata } from "./verified_metadata.ts";

/** What a refresh needs. */
export interface RefreshOptions {
  /** Where metadata comes from. */
  readonly source: MetadataSource;
  /** Where trusted metadata is kept between runs. */
  readonly store: MetadataStore;
  /**
   * The root that was shipped with the client: trust starts there. Without it, trust starts from the
   * root kept in `store`.
   */
  readonly trustedRoot?: Uint8Array | undefined;
  /** The reference time of the whole run, in milliseconds since 1970 (TUF 5.1). */
  readonly now: number;
  /** Own bounds in place of the defaults. */
  readonly limits?: Partial<MetadataLimits> | undefined;
  /**
   * Whether an unchanged repository may be told by its timestamp alone, in one request
   * (docs/adr/0010-one-request-no-op.md). True unless given.
   */
  readonly shortcut?: boolean | undefined;
  /** Ends the run; it then throws `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The client workflow of TUF 1.0.34, section 5: brings the metadata up to date and verifies it, in the
 * order root → timestamp → snapshot → targets. Each file is kept as soon as it is trusted; a refused
 * one leaves the kept one as it was.
 *
 * @throws {BrecciaError} the trust family, naming the attack or the cause; the network family;
 * `cancelled`; the storage family.
 */
export async function refresh(options: RefreshOptions): Promise<VerifiedMetadata> {
  const { source, store, now, signal, shortcut = true } = options;
  const fetcher = new MetadataFetcher(source, store, metadataLimits(options.limits), signal);
  const start = await startingRoot(store, options.trustedRoot);

  const early = shortcut ? await fetchUnlessUnchanged(start, now, fetcher) : undefined;
  if (early instanceof VerifiedMetadata) return early;

  const newest = await updateRoot(start, fetcher);
  const root = CurrentRoot.of(newest, now, "freeze");
  await forgetRotated(store, start, newest);
  const { timestamp, hadBaseline } = await refreshTimestamp(root, fetcher, early);
  const snapshot = await refreshSnapshot(timestamp, fetcher);
  const targets = await refreshTargets(snapshot, "targets", root.rule("targets"), fetcher);
  return new VerifiedMetadata(
    { snapshot, targets },
    (delegator, role) => refreshTargets(snapshot, role.name, delegator.rule(role), fetcher),
    fetcher.limits,
    hadBaseline,
  );
}

/** TUF 5.4. */
async function refreshTimestamp(
  root: CurrentRoot,
  fetcher: MetadataFetcher,
  early: Uint8Array | undefined,
): Promise<{ timestamp: CurrentTimestamp; hadBaseline: boolean }> {
  const { store } = fetcher;
  const name = "timestamp.json";
  const kept = await recall(
    store,
    name,
    (bytes) => TrustedTimestamp.verify(root, bytes, undefined),
  );
  const accept = async (bytes: Uint8Array) =>
    CurrentTimestamp.of(root, await TrustedTimestamp.verify(root, bytes, kept));

  // 5.4.1: the file, or what was already fetched of it; if that is refused, a mirror is to blame.
  const timestamp = (early && await ifAccepted(() => accept(early))) ??
    await fetcher.fetch(name, fetcher.limits.timestampBytes, accept);
  // 5.4.5: keep it, unless it is the one that is kept, or another process has kept a newer one since.
  if (timestamp.trusted !== kept) {
    const other = await recall(
      store,
      name,
      (bytes) => TrustedTimestamp.verify(root, bytes, undefined),
    );
    await TrustedTimestamp.verify(root, timestamp.trusted.bytes, other);
    await store.put(name, timestamp.trusted.bytes);
  }
  return { timestamp, hadBaseline: kept !== undefined };
}

/** TUF 5.5. */
async function refreshSnapshot(
  timestamp: CurrentTimestamp,
  fetcher: MetadataFetcher,
): Promise<CurrentSnapshot> {
  const { root, trusted: { signed: { snapshot: meta } } } = timestamp;
  const { store } = fetcher;
  const kept = await recall(
    store,
    "snapshot.json",
    (bytes) => TrustedSnapshot.verify(root, bytes),
  );
  const current = kept && await ifAccepted(() => CurrentSnapshot.keep(timestamp, kept));
  if (current !== undefined) return current;

  // 5.5.1: at most as long as the timestamp says.
  const name = versionedName(root, "snapshot", meta.version);
  const snapshot = await fetcher.fetch(
    name,
    fetcher.boundFor(name, meta, fetcher.limits.snapshotBytes),
    (bytes) => CurrentSnapshot.verify(timestamp, bytes, kept),
  );
  await store.put("snapshot.json", snapshot.trusted.bytes); // 5.5.7
  return snapshot;
}
