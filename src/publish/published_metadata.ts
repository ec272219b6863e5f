import { BrecciaError, isBrecciaError } from "../errors.ts";
import { METADATA_LIMITS } from "../limits.ts";
import type { ObjectSource } from "../ports/mod.ts";
import {
  checkThreshold,
  fileNameOf,
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
import { delegatesOf, NO_TARGETS, teamRule } from "./delegation.ts";

/**
 * Where a timestamp waits while a new root goes before it. Should the publisher die between the two, the
 * one in place leads to files whose keys no longer count, and this one to files whose keys do.
 */
export const PREPARED_TIMESTAMP_KEY = ".breccia/drafts/timestamp.json";

/** The metadata that a repository's timestamp points to; signatures counted, expiry not judged. */
export interface PublishedMetadata {
  /** The newest root. */
  readonly root: Root;
  /** The pointer. */
  readonly timestamp: Timestamp;
  /** What the pointer points to. */
  readonly snapshot: Snapshot;
  /** The top-level targets. */
  readonly targets: Targets;
  /** What the teams or hash bins license that the top-level targets delegate to, by name. */
  readonly teams: ReadonlyMap<string, UnverifiedMetadata<"targets">>;
  /** Version of the pointer as the store knows it, for a conditional write. */
  readonly timestampEtag: string;
  /** The files themselves, with their signatures. */
  readonly files: ReadonlyMap<TopLevelRole, UnverifiedMetadata<MetadataType>>;
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
 * @param troubles Takes what is wrong with a team, by its name, in place of a throw; that team is left out.
 * For looking only: who publishes upon it would drop what the team had signed.
 * @throws {BrecciaError} `repository-malformed` when a file is missing, and the codes of
 * `readMetadata` and `checkThreshold`.
 */
export async function loadPublished(
  store: ObjectSource,
  troubles?: Map<string, BrecciaError>,
): Promise<PublishedMetadata> {
  const rootFile = await loadRoot(store);
  const pointer = await store.get(metadataKey("timestamp"));
  if (pointer === undefined) throw missing("timestamp.json");
  try {
    return await loadFrom(store, rootFile, pointer.bytes, pointer.etag, troubles);
  } catch (error) {
    const prepared = await store.get(PREPARED_TIMESTAMP_KEY);
    if (prepared === undefined) throw error;
    return await loadFrom(store, rootFile, prepared.bytes, pointer.etag, troubles).catch(() => {
      throw error;
    });
  }
}

/** What a timestamp leads to, all of it signed by the keys of the root. */
async function loadFrom(
  store: ObjectSource,
  rootFile: UnverifiedMetadata<"root">,
  pointer: Uint8Array,
  timestampEtag: string,
  troubles: Map<string, BrecciaError> | undefined,
): Promise<PublishedMetadata> {
  const root = rootFile.signed;
  const timestamp = await verified(pointer, "timestamp", root);
  const snapshot = await load(store, "snapshot", timestamp.signed.snapshot.version, root);
  const targetsVersion = snapshot.signed.meta.get("targets.json")?.version ?? 1;
  const targets = await load(store, "targets", targetsVersion, root);
  return {
    root,
    timestamp: timestamp.signed,
    snapshot: snapshot.signed,
    targets: targets.signed,
    teams: await loadTeams(store, snapshot.signed, targets.signed, troubles),
    timestampEtag,
    files: new Map<TopLevelRole, UnverifiedMetadata<MetadataType>>([
      ["root", rootFile],
      ["timestamp", timestamp],
      ["snapshot", snapshot],
      ["targets", targets],
    ]),
  };
}

/** What a team licenses; nothing when it signed nothing yet. */
export function teamOf(published: PublishedMetadata, name: string): Targets {
  return published.teams.get(name)?.signed ?? NO_TARGETS;
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
async function loadRoot(store: ObjectSource): Promise<UnverifiedMetadata<"root">> {
  let root: UnverifiedMetadata<"root"> | undefined;
  for (let version = 1; version <= METADATA_LIMITS.rootRotations; version++) {
    const object = await store.get(metadataKey("root", version));
    if (object === undefined) break;
    const next = readMetadata(object.bytes, "root", fileNameOf("root", version));
    if (root !== undefined) await checkThreshold(next, ruleOf(root.signed, "root"));
    await checkThreshold(next, ruleOf(next.signed, "root"));
    checkVersion(next, version);
    root = next;
  }
  if (root === undefined) throw missing("1.root.json");
  return root;
}

/** @throws {BrecciaError} as clients would: a team that signed nothing is left out. */
async function loadTeams(
  store: ObjectSource,
  snapshot: Snapshot,
  targets: Targets,
  troubles: Map<string, BrecciaError> | undefined,
): Promise<ReadonlyMap<string, UnverifiedMetadata<"targets">>> {
  const teams = new Map<string, UnverifiedMetadata<"targets">>();
  for (const { name } of delegatesOf(targets)) {
    const version = snapshot.meta.get(`${name}.json`)?.version;
    if (version === undefined) continue;
    try {
      teams.set(name, await loadTeam(store, name, version, teamRule(targets, name) as SigningRule));
    } catch (error) {
      if (troubles === undefined || !isBrecciaError(error)) throw error;
      troubles.set(name, error);
    }
  }
  return teams;
}

async function loadTeam(
  store: ObjectSource,
  name: string,
  version: number,
  rule: SigningRule,
): Promise<UnverifiedMetadata<"targets">> {
  const object = await store.get(metadataKey(name, version));
  if (object === undefined) throw missing(fileNameOf(name, version));
  const file = readMetadata(object.bytes, "targets", fileNameOf(name, version));
  await checkThreshold(file, rule);
  checkVersion(file, version);
  return file;
}

async function load<T extends "snapshot" | "targets">(
  store: ObjectSource,
  role: T,
  version: number,
  root: Root,
): Promise<UnverifiedMetadata<T>> {
  const object = await store.get(metadataKey(role, version));
  if (object === undefined) throw missing(fileNameOf(role, version));
  return await verified(object.bytes, role, root, version);
}

async function verified<T extends Exclude<TopLevelRole, "root">>(
  bytes: Uint8Array,
  role: T,
  root: Root,
  version?: number,
): Promise<UnverifiedMetadata<T>> {
  const metadata = readMetadata(bytes, role, fileNameOf(role, version));
  await checkThreshold(metadata, ruleOf(root, role));
  if (version !== undefined) checkVersion(metadata, version);
  return metadata;
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
