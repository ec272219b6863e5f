import { encodeHex } from "../bytes/mod.ts";
import { DEFAULT_CHUNKING } from "../chunk/mod.ts";
import {
  archiveTarget,
  decodeIndex,
  encodeIndex,
  indexTarget,
  notesTarget,
  parseVersion,
  type ReleaseIndex,
  type ReleaseInfo,
  releaseInfoToCustom,
  StreamLayout,
  targetKey,
} from "../index/mod.ts";
import { type Clock, type ObjectStore, systemClock, type TreeReader } from "../ports/mod.ts";
import type { TargetFile } from "../tuf/mod.ts";
import { type AppConfig, checkAppName, checkName, loadConfig } from "./app_config.ts";
import { buildIndex } from "./build_index.ts";
import { BuildStream } from "./build_stream.ts";
import { type ChunkEncoder, chunkTree } from "./chunk_tree.ts";
import { findKnownChunks } from "./known_chunks.ts";
import { PackWriter } from "./pack_writer.ts";
import { type DeltaOptions, planDeltas } from "./plan_deltas.ts";
import { loadPublished } from "./published_metadata.ts";
import { checkNewVersion, listReleases } from "./release_list.ts";
import { scanTree } from "./scan_tree.ts";
import { findSecretFiles, type SecretFile } from "./secret_files.ts";
import { signingTime } from "./signing_time.ts";
import { stageTargets } from "./stage_targets.ts";
import { describeTarget } from "./target_bytes.ts";
import { checkTeamPaths, draftedTargets } from "./teams.ts";

/** A build and how it is to be offered. */
export interface NewRelease {
  /** By the version order of the app. */
  readonly version: string;
  /** The build. The caller closes it. */
  readonly tree: TreeReader;
  /** Channel that offers it; `"stable"` unless given. */
  readonly channel?: string | undefined;
  /** Platform it runs on; `"any"` unless given. */
  readonly platform?: string | undefined;
  /** The app, where a team has another one than the repository. */
  readonly app?: string | undefined;
  /** Team that licenses it; the targets role unless given. */
  readonly team?: string | undefined;
  /** Notes for people, in Markdown. */
  readonly notes?: Uint8Array | undefined;
  /** True when a client on any older version must not skip it. */
  readonly required?: boolean | undefined;
}

/** A release that waits for `publish`. */
export interface AddedRelease {
  /** What targets metadata will say of it. */
  readonly info: ReleaseInfo;
  /** What it is made of. */
  readonly index: ReleaseIndex;
  /** Length of the stored index in bytes. */
  readonly indexBytes: number;
  /** Bytes of the stream that earlier releases or earlier chunks had stored already. */
  readonly reusedBytes: number;
  /** Bytes of the packs that were written for it. */
  readonly packBytes: number;
  /** Files of it that look like secrets, and were not allowed: they will be public. */
  readonly secrets: readonly SecretFile[];
}

/**
 * Makes a build into a release and stages it: its packs and its index are stored, and the next
 * `publishRepository` licenses them. Nobody sees it before. When it throws, nothing is staged;
 * when it refuses, nothing is written at all.
 *
 * @throws {BrecciaError} `policy-unsafe` when its team may not sign for it, or it holds a private key of a
 * repository; `version-malformed`, `version-duplicate`, `version-lower`, the codes of
 * `scanTree`, `tree-changed`, `clock-wrong`, and those of the store.
 */
export async function addRelease(
  store: ObjectStore,
  release: NewRelease,
  options: {
    readonly encode?: ChunkEncoder;
    /** Deltas from earlier releases; none unless given. */
    readonly deltas?: DeltaOptions;
    /** Patterns of files that look like secrets and are meant to be released; see {@linkcode findSecretFiles}. */
    readonly allow?: readonly string[];
    /** Tells from when the draft counts its validity; the runtime's unless given. */
    readonly clock?: Clock;
    readonly signal?: AbortSignal;
  } = {},
): Promise<AddedRelease> {
  const config = await loadConfig(store);
  const published = await loadPublished(store);
  const clock = options.clock ?? systemClock;
  signingTime(config, published, clock.now());
  const { info, channel } = describeRelease(config, release);
  const path = indexTarget(info.app, info.version, info.platform);
  const draft = await draftedTargets(store, published);
  checkNewVersion(draft, { ...info, channel }, path);
  if (release.team !== undefined) {
    await checkTeamPaths(store, published, release.team, [path, info.archive]);
  }
  const scanned = await scanTree(release.tree, info.platform);
  const secrets = await findSecretFiles(release.tree, scanned, options.allow);
  const layout = new StreamLayout(scanned);

  const earlier = listReleases(draft, config.order);
  const known = await findKnownChunks(store, earlier);
  const packs = new PackWriter(store, options);
  const stream = new BuildStream(layout, release.tree);
  const { chunks, reusedBytes } = await chunkTree(stream.read(), {
    chunking: DEFAULT_CHUNKING,
    known,
    packs,
    ...options,
  });
  const built = buildIndex({
    ...info,
    chunking: DEFAULT_CHUNKING,
    entries: stream.entries,
    chunks,
    streamSha256: stream.sha256(),
  });
  const bases = earlier.filter((base) =>
    base.info.app === info.app && base.info.platform === info.platform &&
    base.info.channels.includes(channel)
  );
  const deltas = await planDeltas(store, built, bases, {
    ...(options.deltas ?? { count: 0 }),
    signal: options.signal,
  });
  const index: ReleaseIndex = { ...built, deltas };
  const bytes = await encodeIndex(index);
  // What is signed has passed every check that a client will make of it.
  await decodeIndex(bytes);

  const staged = new Map<string, TargetFile>([[info.archive, archiveOf(index)]]);
  await stageFile(store, staged, path, bytes, info);
  if (release.notes !== undefined) {
    await stageFile(store, staged, info.notes as string, release.notes, undefined);
  }
  await stageTargets(store, published, staged, {
    team: release.team,
    last: path,
    clock,
    check: (targets) => checkNewVersion(targets, { ...info, channel }, path),
  });
  const indexBytes = bytes.length;
  return { info, index, indexBytes, reusedBytes, packBytes: packs.bytesWritten, secrets };
}

function describeRelease(
  config: AppConfig,
  release: NewRelease,
): { info: ReleaseInfo; channel: string } {
  const { version, channel = "stable", platform = "any", notes, required } = release;
  const { order } = config;
  const app = release.app ?? config.app;
  checkAppName(app);
  parseVersion(order, version);
  checkName("a channel", channel);
  checkName("a platform", platform);
  const info: ReleaseInfo = {
    app,
    version,
    platform,
    order,
    channels: [channel],
    archive: archiveTarget(app, version, platform),
    ...(notes === undefined ? {} : { notes: notesTarget(app, version, platform) }),
    ...(required === true ? { required } : {}),
  };
  return { info, channel };
}

/** The stream as a signed target: plain TUF clients get it as a tar archive from an edge. */
function archiveOf(index: ReleaseIndex): TargetFile {
  return {
    length: index.streamBytes,
    hashes: new Map([["sha256", encodeHex(index.streamSha256)]]),
  };
}

async function stageFile(
  store: ObjectStore,
  staged: Map<string, TargetFile>,
  path: string,
  bytes: Uint8Array,
  info: ReleaseInfo | undefined,
): Promise<void> {
  const target = await describeTarget(
    bytes,
    info === undefined ? undefined : releaseInfoToCustom(info),
  );
  await store.put(targetKey(path, target.hashes.get("sha256") as string), bytes);
  staged.set(path, target);
}
