import type { EdgeStatus } from "../../src/mirror/mod.ts";
import type { Savings } from "./savings.ts";

/** How an upstream fares, and where it is served. */
export interface UpstreamStatus extends EdgeStatus {
  /** Its name. */
  readonly name: string;
  /** `"/"`, or `"/NAME"` for routes such as `/NAME/metadata/timestamp.json`. */
  readonly prefix: string;
}

/** How a process with several upstreams fares, as its `/status.json` shows it. */
export interface SiteStatus extends Savings {
  /** True when one of them is ready: one that is not must not take the others out of service. */
  readonly ready: boolean;
  /** The reasons of all, each with the name of its upstream before it. */
  readonly reasons: readonly string[];
  /** Each in the order of the configuration. */
  readonly upstreams: readonly (UpstreamStatus & Savings)[];
}
