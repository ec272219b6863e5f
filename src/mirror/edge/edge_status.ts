import type { ErrorCode } from "../../errors.ts";
import type { Catalog } from "../state/catalog.ts";

/** Why the last refresh did not succeed. */
export interface RefreshTrouble {
  /** Why the last pass failed. */
  readonly code: ErrorCode | "internal";
  /** One sentence for a person. */
  readonly message: string;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
}

/** How an edge fares, as `/status.json` shows it. Times are milliseconds since 1970. */
export interface EdgeStatus {
  /** Host of the upstream. */
  readonly upstream: string;
  /** True when there is verified metadata that has not expired. */
  readonly ready: boolean;
  /** What an operator should know: one sentence each; empty when all is well. */
  readonly reasons: readonly string[];
  /** When upstream last confirmed what is served, or `null`. */
  readonly confirmedAt: number | null;
  /** When the refresh began that is under way, or `null`. */
  readonly refreshingSince: number | null;
  /** When the first metadata file expires, or `null` without metadata. */
  readonly expires: number | null;
  /** Versions of the top-level metadata, or `null` without metadata. */
  readonly metadata: {
    readonly root: number;
    readonly timestamp: number;
    readonly snapshot: number;
    readonly targets: number;
  } | null;
  /** How many targets are licensed and mirrored. */
  readonly targets: number;
  /** How many are licensed and left out by the filters. */
  readonly filtered: number;
  /** Their length together, in bytes, as a static host would hold them. */
  readonly targetBytes: number;
  /** True when content is brought only when it is first asked for. */
  readonly onDemand: boolean;
  /** The releases among them. */
  readonly releases: readonly {
    readonly app: string;
    readonly version: string;
    readonly platform: string;
    readonly channels: readonly string[];
  }[];
  /** Delegated roles whose metadata can't be had or are refused: what they license is not served. */
  readonly unavailableRoles: readonly {
    readonly role: string;
    readonly code: ErrorCode;
    readonly message: string;
  }[];
  /** The last refresh that failed, when none has succeeded since. */
  readonly trouble: RefreshTrouble | null;
  /** What was asked of the upstream since the start. */
  readonly upstreamTraffic: { readonly requests: number; readonly bytes: number };
}

/** What of a status follows from what is licensed, if anything is. */
export function licensedStatus(
  catalog: Catalog | undefined,
): Pick<
  EdgeStatus,
  | "expires"
  | "metadata"
  | "targets"
  | "filtered"
  | "targetBytes"
  | "releases"
  | "unavailableRoles"
> {
  const metadata = catalog?.metadata;
  return {
    expires: metadata?.expires ?? null,
    metadata: metadata === undefined ? null : {
      root: metadata.root.version,
      timestamp: metadata.timestamp.version,
      snapshot: metadata.snapshot.version,
      targets: metadata.targets.version,
    },
    targets: catalog?.targets.size ?? 0,
    filtered: catalog?.filtered ?? 0,
    unavailableRoles: (catalog?.unavailable ?? []).map(({ role, error: { code, message } }) => ({
      role,
      code,
      message,
    })),
    targetBytes: catalog?.bytes ?? 0,
    releases: (catalog?.releases ?? []).map(({ info }) => ({
      app: info.app,
      version: info.version,
      platform: info.platform,
      channels: info.channels,
    })),
  };
}
