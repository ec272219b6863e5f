import { IDENTITY_BYTES } from "./index_format.ts";
import { archiveTarget, indexTarget, isPlainName, notesTarget } from "./published_layout.ts";
import { isVersion, type VersionOrder } from "./version.ts";

/** What signed targets metadata says of a release beside its index: how clients choose it. */
export interface ReleaseInfo {
  /** Name of the app. */
  readonly app: string;
  /** Its version. */
  readonly version: string;
  /** Platform it runs on; `"any"` for all. */
  readonly platform: string;
  /** How versions of the app are ordered. */
  readonly order: VersionOrder;
  /** Channels that offer it; empty when it was withdrawn from all. */
  readonly channels: readonly string[];
  /** Target path of its stream as a tar archive. */
  readonly archive: string;
  /** Target path of its notes for people, when there are any. */
  readonly notes?: string;
  /** True when a client on any older version must not skip it. */
  readonly required?: boolean;
  /** Share of devices that are offered it, 1 to 99 per cent; all of them when it is not said. */
  readonly rollout?: number;
}

/** A value of {@linkcode ReleaseInfo} as signed JSON holds it: objects are maps. */
export type ReleaseInfoValue = string | number | boolean | readonly string[] | ReleaseInfoObject;

/** The form of {@linkcode ReleaseInfo} in signed JSON. */
export interface ReleaseInfoObject extends ReadonlyMap<string, ReleaseInfoValue> {}

/** The `custom` field of a TUF target that describes a release. */
export function releaseInfoToCustom(info: ReleaseInfo): ReleaseInfoObject {
  return new Map([["breccia", new Map<string, ReleaseInfoValue>(Object.entries(info))]]);
}

/** What a target says of itself: a release, or why it is none though it says so. */
export type ReleaseClaim =
  | { readonly info: ReleaseInfo }
  | { readonly app: string; readonly version: string; readonly refusal: string };

/**
 * The release whose index the target `path` is; `undefined` when it is none, or says of itself what its
 * path does not. See {@linkcode readReleaseClaim}.
 */
export function parseReleaseInfo(
  path: string,
  custom: ReadonlyMap<string, unknown> | undefined,
): ReleaseInfo | undefined {
  const claim = readReleaseClaim(path, custom);
  return claim !== undefined && "info" in claim ? claim.info : undefined;
}

/**
 * Reads what the `custom` field of the target `path` says of a release; `undefined` when it says nothing
 * that this program understands. The field is written by whoever may sign this one path. So it is no
 * authority on other names: the path that the release would be published under must be this one
 * (docs/formats/release-index.md), and its archive and notes those that go with it.
 */
export function readReleaseClaim(
  path: string,
  custom: ReadonlyMap<string, unknown> | undefined,
): ReleaseClaim | undefined {
  const info = readInfo(custom);
  if (info === undefined) return undefined;
  const { app, version, platform, archive, notes } = info;
  const refuse = (refusal: string): ReleaseClaim => ({ app, version, refusal });
  if (!isVersion(info.order, version)) return refuse(`its version is none by ${info.order}`);
  if (!isPlainName(app) || !isPlainName(platform)) return refuse("its app or platform is no name");
  if (path !== indexTarget(app, version, platform)) {
    return refuse(`its path would be ${indexTarget(app, version, platform)}`);
  }
  if (appOfPath(path) !== app) return refuse(`its path is one of the app ${appOfPath(path)}`);
  if (archive !== archiveTarget(app, version, platform)) return refuse("its archive is another's");
  if (notes !== undefined && notes !== notesTarget(app, version, platform)) {
    return refuse("its notes are another's");
  }
  return { info };
}

/**
 * The app that a path of releases belongs to: what stands before the first hyphen behind which a version
 * can begin. So `editor-demo-9.9.9.index` is of `editor-demo`, and no path is of two apps.
 */
export function appOfPath(path: string): string {
  const parts = path.split("-");
  const at = parts.findIndex((part, index) => index > 0 && VERSION_BEGINS.test(part));
  return parts.slice(0, at < 0 ? parts.length : at).join("-");
}

/**
 * True when every release of `app` lies where {@linkcode appOfPath} finds it again: no part of its name
 * behind a hyphen can be a version.
 */
export function isAppName(app: string): boolean {
  return isPlainName(app) && appOfPath(app) === app;
}

/**
 * How the first part of a version looks in a path, by SemVer and PEP 440: digits, then the end, a
 * separator, or the word of a phase.
 */
const VERSION_BEGINS =
  /^v?[0-9]+(?:$|[._]|(?:alpha|a|beta|b|preview|pre|c|rc|post|rev|r|dev)(?:$|[._0-9]))/i;

function readInfo(custom: ReadonlyMap<string, unknown> | undefined): ReleaseInfo | undefined {
  const info = custom?.get("breccia");
  if (!(info instanceof Map)) return undefined;
  const field = (name: string): unknown => info.get(name);
  const [app, version, platform] = [field("app"), field("version"), field("platform")];
  const [order, channels, archive] = [field("order"), field("channels"), field("archive")];
  const [notes, required, rollout] = [field("notes"), field("required"), field("rollout")];
  if (
    !isName(app) || !isName(version) || !isName(platform) || !isName(archive, 512) ||
    (order !== "semver" && order !== "pep440") ||
    !Array.isArray(channels) || channels.length > 64 || !channels.every((name) => isName(name)) ||
    (notes !== undefined && !isName(notes, 512)) ||
    (required !== undefined && typeof required !== "boolean") ||
    (rollout !== undefined && !isShare(rollout))
  ) return undefined;
  return {
    app,
    version,
    platform,
    order,
    channels,
    archive,
    ...(notes === undefined ? {} : { notes }),
    ...(required === undefined ? {} : { required }),
    ...(rollout === undefined ? {} : { rollout }),
  };
}

function isShare(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 100;
}

function isName(value: unknown, limit: number = IDENTITY_BYTES): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= limit;
}
