import type { TargetRules } from "../../src/mirror/mod.ts";
import type { ClientLimitSettings } from "../http/client_limits.ts";

/** An upstream of a site. */
export interface SiteUpstream {
  readonly name: string;
  readonly prefix: string;
  readonly urls: readonly string[];
  readonly trustedRoot: Uint8Array<ArrayBuffer>;
  readonly onDemand: boolean;
  /** Milliseconds between two looks for news. */
  readonly interval: number;
  readonly rules: TargetRules;
}

/** What an edge mirrors, and where to: enough for another thread to open the same. */
export interface EdgeSite {
  readonly upstreams: readonly SiteUpstream[];
  /** True when upstreams are told apart by their prefixes; else there is one, at `/`. */
  readonly prefixed: boolean;
  /** As `--store` names it. */
  readonly store: string;
  /** What relative paths in it count from. */
  readonly cwd: string;
  /** Where to serve, `HOST:PORT`, when the configuration file says so. */
  readonly listen: string | undefined;
  /** The most that the store may hold, in bytes. */
  readonly quota: number | undefined;
  /** Long answers under way at once, by each thread. */
  readonly answers: number | undefined;
  /** What one client may do. */
  readonly clients: ClientLimitSettings;
  /** Patterns of targets that are dictionaries of one another, at each upstream. */
  readonly dictionaries: readonly string[];
  /** What archives that were made again may take in the store, in bytes. */
  readonly rebuilt: number;
  /** What deltas on demand may take in the store, in bytes; `undefined` when none are made. */
  readonly deltaBudget: number | undefined;
}
