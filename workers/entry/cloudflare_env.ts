import type { R2Bucket } from "../../cache/stores/r2.ts";
import { BrecciaError } from "../../src/errors.ts";
import { DEFAULT_UPSTREAM } from "../../src/mirror/mod.ts";
import { parseSiteConfig, type UpstreamConfig } from "./site_config.ts";

/** The bindings of the Worker: one upstream, or a `CONFIG` of several. */
export interface CloudflareEnv {
  readonly BUCKET: R2Bucket;
  /** URLs of the repository's mirrors, separated by spaces. */
  readonly UPSTREAM?: string;
  /** The text of the publisher's root.json, where trust starts. */
  readonly TRUSTED_ROOT?: string;
  /** A configuration of several upstreams (docs/edge.md); `root` of each names the variable of its root.json. */
  readonly CONFIG?: string;
  /** For tests: fetches from the upstream in place of the network. */
  readonly UPSTREAM_SERVICE?: { fetch(request: Request): Promise<Response> };
  /** The variables that a `CONFIG` names. */
  readonly [variable: string]: unknown;
}

/** An upstream of a Worker, whose `root` is the text of root.json. */
export interface WorkerSite {
  /** True when upstreams are told apart by their prefixes; else there is one, at `/`. */
  readonly prefixed: boolean;
  readonly upstreams: readonly UpstreamConfig[];
}

/**
 * The upstreams that the bindings name.
 *
 * @throws {BrecciaError} `usage` when one is missing or wrong.
 */
export function readBindings(env: CloudflareEnv): WorkerSite {
  if (env.CONFIG !== undefined) {
    const upstreams = parseSiteConfig(env.CONFIG, "CONFIG").upstreams
      .map((upstream) => ({ ...upstream, root: textOf(env, upstream.root) }));
    return { prefixed: true, upstreams };
  }
  const upstream: UpstreamConfig = {
    name: DEFAULT_UPSTREAM,
    urls: textOf(env, "UPSTREAM").split(/\s+/),
    root: textOf(env, "TRUSTED_ROOT"),
    prefix: "/",
    onDemand: false,
    interval: 60,
    rules: {},
  };
  return { prefixed: false, upstreams: [upstream] };
}

function textOf(env: CloudflareEnv, name: string): string {
  const text = env[name];
  if (typeof text === "string" && text !== "") return text;
  throw new BrecciaError("usage", `The variable ${name} of the Worker is missing; set it`);
}
