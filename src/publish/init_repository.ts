import { BrecciaError, isBrecciaError } from "../errors.ts";
import type { ObjectStore } from "../ports/mod.ts";
import {
  type Metadata,
  type Root,
  type Signer,
  signMetadata,
  SPEC_VERSION,
  TOP_LEVEL_ROLES,
  type TopLevelRole,
} from "../tuf/mod.ts";
import { type AppConfig, checkAppName, CONFIG_KEY, encodeConfig } from "./app_config.ts";
import { expiryOf, nextSnapshot, nextTimestamp } from "./next_metadata.ts";
import { metadataKey } from "./published_metadata.ts";

/** A repository to be. */
export interface NewRepository {
  /** App, version order and days of validity. */
  readonly config: AppConfig;
  /** The keys of each role; no key serves two roles. */
  readonly signers: ReadonlyMap<TopLevelRole, readonly Signer[]>;
  /** How many of its keys must sign for a role; 1 where it is not said. */
  readonly thresholds: ReadonlyMap<TopLevelRole, number>;
  /** Now, in milliseconds since 1970. */
  readonly now: number;
}

/**
 * Makes a repository in an empty store: four roles, consistent snapshots, no release yet. Clients can
 * follow it from then on; its `metadata/1.root.json` is what they are shipped with.
 *
 * @throws {BrecciaError} `wrong-state` when there is a repository already; `usage` on a threshold that
 * the keys can't meet; `policy-unsafe` when one key serves two roles.
 */
export async function initRepository(store: ObjectStore, repository: NewRepository): Promise<Root> {
  const { config, signers, now } = repository;
  checkAppName(config.app);
  const root = firstRoot(repository);
  if (await store.head(metadataKey("timestamp")) !== undefined) throw existing();
  const sign = (metadata: Metadata, role: TopLevelRole) =>
    signMetadata(metadata, signers.get(role) ?? []);
  await store.put(CONFIG_KEY, encodeConfig(config));
  await store.put(metadataKey("root", 1), await sign(root, "root"));
  const targets = {
    type: "targets",
    specVersion: SPEC_VERSION,
    version: 1,
    expires: expiryOf(config, "targets", now),
    targets: new Map(),
  } as const;
  const targetsBytes = await sign(targets, "targets");
  await store.put(metadataKey("targets", 1), targetsBytes);
  const snapshot = await nextSnapshot(
    undefined,
    new Map([["targets", { metadata: targets, bytes: targetsBytes }]]),
    config,
    now,
  );
  const snapshotBytes = await sign(snapshot, "snapshot");
  await store.put(metadataKey("snapshot", 1), snapshotBytes);
  const timestamp = await nextTimestamp(
    undefined,
    { metadata: snapshot, bytes: snapshotBytes },
    root,
    config,
    now,
  );
  // The pointer comes last: before it there is no repository, and `init` can be run again.
  try {
    await store.put(metadataKey("timestamp"), await sign(timestamp, "timestamp"), {
      ifMatch: null,
    });
  } catch (error) {
    throw isBrecciaError(error, "storage-conflict") ? existing() : error;
  }
  return root;
}

function firstRoot({ config, signers, thresholds, now }: NewRepository): Root {
  const all = [...signers.values()].flat();
  if (new Set(all.map(({ keyId }) => keyId)).size !== all.length) {
    throw new BrecciaError(
      "policy-unsafe",
      "Cannot make a repository in which one key serves two roles: whoever steals it gets both; " +
        "make a key for each role",
    );
  }
  const roles = TOP_LEVEL_ROLES.map((role) => {
    const keyIds = (signers.get(role) ?? []).map(({ keyId }) => keyId);
    const threshold = thresholds.get(role) ?? 1;
    if (threshold > keyIds.length) {
      throw new BrecciaError(
        "usage",
        `Cannot ask for ${threshold} signatures of ${role}: it has ${keyIds.length} keys; give more`,
      );
    }
    return [role, { keyIds, threshold }] as const;
  });
  return {
    type: "root",
    specVersion: SPEC_VERSION,
    version: 1,
    expires: expiryOf(config, "root", now),
    consistentSnapshot: true,
    keys: new Map(all.map(({ keyId, key }) => [keyId, key])),
    roles: new Map(roles),
  };
}

function existing(): BrecciaError {
  return new BrecciaError(
    "wrong-state",
    "Cannot make a repository: there is one already; choose another directory",
  );
}
