import { equalBytes } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { type MetadataFetcher, recall } from "./metadata_fetcher.ts";
import type { MetadataStore } from "./metadata_store.ts";
import { fileNameOf, type TopLevelRole } from "./role.ts";
import { TrustedRoot } from "./trusted_root.ts";

/**
 * TUF 5.2: the root where a run starts. With a root that was shipped with the client, it is the last
 * one that the kept history of roots leads to from there: the shipped root is the anchor, the history
 * only saves requests. Without one, it is the root kept by an earlier run.
 *
 * @throws {BrecciaError} `root-missing` when there is neither; the codes of {@linkcode TrustedRoot}
 * when the anchor is damaged.
 */
export async function startingRoot(
  store: MetadataStore,
  shipped: Uint8Array | undefined,
): Promise<TrustedRoot> {
  if (shipped === undefined) {
    const kept = await store.get("root.json");
    if (kept !== undefined) return await TrustedRoot.anchor(kept);
    throw new BrecciaError(
      "root-missing",
      "Cannot trust any metadata: there is no root to start from; get the publisher's root.json by a way you trust and give it with --root",
    );
  }
  let root = await TrustedRoot.anchor(shipped);
  while (true) {
    const next = await recall(
      store,
      fileNameOf("root", root.version + 1),
      (bytes) => root.next(bytes),
    );
    if (next === undefined) return root;
    root = next;
  }
}

/**
 * TUF 5.3: follows the chain of roots until the next one is absent, and keeps each as soon as it is
 * trusted. Whether the last one has expired is for the caller to judge (5.3.10).
 *
 * @throws {BrecciaError} `delegation-limit` when there are more rotations than the bound, the codes of
 * {@linkcode TrustedRoot}, and those of fetching.
 */
export async function updateRoot(
  start: TrustedRoot,
  fetcher: MetadataFetcher,
): Promise<TrustedRoot> {
  const { rootBytes, rootRotations } = fetcher.limits;
  let root = start;
  await keepRoot(fetcher.store, root);
  while (true) {
    // TUF 5.3.2, 5.3.3: version N+1, at most so many bytes, until it is not available.
    const name = fileNameOf("root", root.version + 1);
    const current = root;
    const next = await fetcher.fetchIfPresent(name, rootBytes, (bytes) => current.next(bytes));
    if (next === undefined) return root;
    if (next.version - start.version > rootRotations) throw tooManyRoots(start, rootRotations);
    // TUF 5.3.8: each root is kept before the next is asked for.
    root = next;
    await keepRoot(fetcher.store, root);
  }
}

/**
 * TUF 5.3.11: when a key was taken from the timestamp or the snapshot role, metadata of both roles is
 * forgotten, so that a repository can recover from an attacker who raised their versions to the sky.
 */
export async function forgetRotated(
  store: MetadataStore,
  before: TrustedRoot,
  after: TrustedRoot,
): Promise<void> {
  if (!lostKey(before, after, "timestamp") && !lostKey(before, after, "snapshot")) return;
  await store.delete("timestamp.json");
  await store.delete("snapshot.json");
}

function lostKey(before: TrustedRoot, after: TrustedRoot, role: TopLevelRole): boolean {
  const remaining = keysOf(after, role);
  return [...keysOf(before, role)].some((key) => !remaining.has(key));
}

function keysOf(root: TrustedRoot, role: TopLevelRole): ReadonlySet<string | undefined> {
  const { role: { keyIds }, keys } = root.rule(role);
  return new Set(keyIds.map((keyId) => keys.get(keyId)?.publicKey?.identity));
}

/** Keeps a root under its version, as history, and as the newest; writes only what is new. */
async function keepRoot(store: MetadataStore, root: TrustedRoot): Promise<void> {
  for (const name of [fileNameOf("root", root.version), "root.json"]) {
    const kept = await store.get(name);
    if (kept === undefined || !equalBytes(kept, root.bytes)) await store.put(name, root.bytes);
  }
}

function tooManyRoots(start: TrustedRoot, rootRotations: number): BrecciaError {
  return new BrecciaError(
    "delegation-limit",
    `Cannot follow the chain of roots: there are more than ${rootRotations} after version ${start.version}; install a newer client, with a newer root`,
  );
}
