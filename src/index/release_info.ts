import { IDENTITY_BYTES } from "./index_format.ts";

/** How versions of an app are ordered. */
export type VersionOrder = "semver" | "pep440";

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

/**
 * Reads the `custom` field of a TUF target; `undefined` when it describes no release of ours, or not
 * one that this program understands. The field is signed, but by whoever may sign this target: its
 * texts are bounded here all the same.
 */
export function parseReleaseInfo(
  custom: ReadonlyMap<string, unknown> | undefined,
): ReleaseInfo | undefined {
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
