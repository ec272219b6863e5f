import { IDENTITY_BYTES } from "./index_format.ts";

/** How versions of an app are ordered. */
export type VersionOrder = "semver" | "pep440";

/** What signed targets metadata says of a release beside its index: how clients choose it. */
export interface ReleaseInfo {
  readonly app: string;
  readonly version: string;
  readonly platform: string;
  readonly order: VersionOrder;
  /** Channels that offer it; empty when it was withdrawn from all. */
  readonly channels: readonly string[];
  /** Target path of its stream as a tar archive. */
  readonly archive: string;
  /** Target path of its notes for people, when there are any. */
  readonly notes?: string;
  /** True when a client on any older version must not skip it. */
  readonly required?: boolean;
}

/** The form of {@linkcode ReleaseInfo} in the `custom` field of a TUF target. */
export function releaseInfoToCustom(info: ReleaseInfo): { breccia: Record<string, unknown> } {
  return { breccia: { ...info, channels: [...info.channels] } };
}

/**
 * Reads the `custom` field of a TUF target; `undefined` when it describes no release of ours, or not
 * one that this program understands. The field is signed, but by whoever may sign this target: its
 * texts are bounded here all the same.
 */
export function parseReleaseInfo(custom: unknown): ReleaseInfo | undefined {
  const info = fieldsOf(fieldsOf(custom)?.["breccia"]);
  if (info === undefined) return undefined;
  const { app, version, platform, order, channels, archive, notes, required } = info;
  if (
    !isName(app) || !isName(version) || !isName(platform) || !isName(archive, 512) ||
    (order !== "semver" && order !== "pep440") ||
    !Array.isArray(channels) || channels.length > 64 || !channels.every((name) => isName(name)) ||
    (notes !== undefined && !isName(notes, 512)) ||
    (required !== undefined && typeof required !== "boolean")
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
  };
}

function fieldsOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

function isName(value: unknown, limit: number = IDENTITY_BYTES): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= limit;
}
