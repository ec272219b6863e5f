import {
  type MetaFile,
  type Root,
  ROOT_VERSION_FIELD,
  type Snapshot,
  SPEC_VERSION,
  type Targets,
  type Timestamp,
  type TopLevelRole,
} from "../tuf/mod.ts";
import type { AppConfig } from "./app_config.ts";
import { describeTarget } from "./target_bytes.ts";

/** A metadata file and what it says. */
export interface SignedFile<T> {
  readonly metadata: T;
  readonly bytes: Uint8Array;
}

const DAY = 86_400_000;

/** When a signature made now expires: whole seconds, as metadata write it. */
export function expiryOf(config: AppConfig, role: TopLevelRole, now: number): number {
  return Math.floor(now / 1000) * 1000 + (config.expiryDays.get(role) as number) * DAY;
}

/** The snapshot after `previous` in which the given roles have new files. */
export async function nextSnapshot(
  previous: Snapshot | undefined,
  changed: ReadonlyMap<string, SignedFile<Targets>>,
  config: AppConfig,
  now: number,
): Promise<Snapshot> {
  const meta = new Map(previous?.meta);
  for (const [role, file] of changed) meta.set(`${role}.json`, await describeFile(file));
  return {
    type: "snapshot",
    specVersion: SPEC_VERSION,
    version: (previous?.version ?? 0) + 1,
    expires: expiryOf(config, "snapshot", now),
    meta,
  };
}

/** The timestamp after `previous`, pointing to `snapshot`, or to the same one as before. */
export async function nextTimestamp(
  previous: Timestamp | undefined,
  snapshot: SignedFile<Snapshot> | undefined,
  root: Root,
  config: AppConfig,
  now: number,
): Promise<Timestamp> {
  return {
    type: "timestamp",
    specVersion: SPEC_VERSION,
    version: (previous?.version ?? 0) + 1,
    expires: expiryOf(config, "timestamp", now),
    snapshot: snapshot === undefined
      ? (previous as Timestamp).snapshot
      : await describeFile(snapshot),
    unknown: new Map([[ROOT_VERSION_FIELD, root.version]]),
  };
}

async function describeFile(file: SignedFile<{ readonly version: number }>): Promise<MetaFile> {
  const { length, hashes } = await describeTarget(file.bytes);
  return { version: file.metadata.version, length, hashes };
}
