import { BrecciaError } from "../errors.ts";
import { METADATA_LIMITS } from "../limits.ts";
import type { ObjectSource } from "../ports/mod.ts";
import {
  checkThreshold,
  fileNameOf,
  type MetadataByType,
  type MetadataType,
  readMetadata,
  type RoleKeys,
  type Root,
  type SigningRule,
  type Snapshot,
  type Targets,
  type Timestamp,
  type TopLevelRole,
  type UnverifiedMetadata,
} from "../tuf/mod.ts";

/** The metadata that a repository's timestamp points to; signatures counted, expiry not judged. */
export interface PublishedMetadata {
  readonly root: Root;
  readonly timestamp: Timestamp;
  readonly snapshot: Snapshot;
  /** The top-level targets. */
  readonly targets: Targets;
  /** Version of the pointer as the store knows it, for a conditional write. */
  readonly timestampEtag: string;
}

/** Where a metadata file lies: `metadata/3.targets.json`; the timestamp has no version. */
export function metadataKey(role: string, version?: number): string {
  return `metadata/${fileNameOf(role, version)}`;
}

/**
 * Reads and verifies the current metadata. Publishing builds upon it, so that whoever can write to the
 * store but holds no key can't have a publisher sign what the store was made to say. Expired
 * metadata is read all the same: signing it anew is what the caller may be up to.
 *
 * @throws {BrecciaError} `repository-malformed` when a file is missing, and the codes of
 * `readMetadata` and `checkThreshold`.
 */
export async function loadPublished(store: ObjectSource): Promise<PublishedMetadata> {
  const root = await loadRoot(store);
  const pointer = await store.get(metadataKey("timestamp"));
  if (pointer === undefined) throw missing("timestamp.json");
  const timestamp = await verified(pointer.bytes, "timestamp", "timestamp", root);
  const snapshot = await load(store, "snapshot", timestamp.snapshot.version, root);
  const targetsVersion = snapshot.meta.get("targets.json")?.version ?? 1;
  const targets = await load(store, "targets", targetsVersion, root);
  return { root, timestamp, snapshot, targets, timestampEtag: pointer.etag };
}

/** Who must sign a top-level role. */
export function ruleOf(root: Root, role: TopLevelRole): SigningRule {
  return {
    role: root.roles.get(role) as RoleKeys,
    keys: root.keys,
    delegator: `version ${root.version} of the root`,
  };
}

/** The last root of the chain, each signed by a threshold of the one before and of itself. */
async function loadRoot(store: ObjectSource): Promise<Root> {
  let root: Root | undefined;
  for (let version = 1; version <= METADATA_LIMITS.rootRotations; version++) {
    const object = await store.get(metadataKey("root", version));
    if (object === undefined) break;
    const next = readMetadata(object.bytes, "root", fileNameOf("root", version));
    if (root !== undefined) await checkThreshold(next, ruleOf(root, "root"));
    await checkThreshold(next, ruleOf(next.signed, "root"));
    checkVersion(next, version);
    root = next.signed;
  }
  if (root === undefined) throw missing("1.root.json");
  return root;
}

async function load<T extends "snapshot" | "targets">(
  store: ObjectSource,
  role: T,
  version: number,
  root: Root,
): Promise<MetadataByType[T]> {
  const object = await store.get(metadataKey(role, version));
  if (object === undefined) throw missing(fileNameOf(role, version));
  return await verified(object.bytes, role, role, root, version);
}

async function verified<T extends MetadataType>(
  bytes: Uint8Array,
  type: T,
  role: TopLevelRole,
  root: Root,
  version?: number,
): Promise<MetadataByType[T]> {
  const metadata = readMetadata(bytes, type, fileNameOf(role, version));
  await checkThreshold(metadata, ruleOf(root, role));
  if (version !== undefined) checkVersion(metadata, version);
  return metadata.signed;
}

function checkVersion(metadata: UnverifiedMetadata<MetadataType>, version: number): void {
  if (metadata.signed.version !== version) {
    throw new BrecciaError(
      "repository-malformed",
      `Cannot use ${metadata.name}: it says it is version ${metadata.signed.version}; restore the ` +
        "repository from a backup",
    );
  }
}

function missing(name: string): BrecciaError {
  return new BrecciaError(
    "repository-malformed",
    `Cannot use the repository: metadata/${name} is missing; restore it from a backup`,
  );
}
