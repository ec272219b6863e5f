import { readFile } from "node:fs/promises";
import { QuotaStore } from "../../cache/quota.ts";
import { TracedStore } from "../../cache/traced.ts";
import { Edge, Upstream } from "../mirror/mod.ts";
import {
  type Log,
  type ManagedStore,
  silentTracer,
  systemClock,
  type Tracer,
} from "../ports/mod.ts";
import { followWithinOrigin, HttpClient, MirrorSet } from "../transport/mod.ts";
import type { CommandContext, FlagTable } from "./command.ts";
import { fileError } from "./file_error.ts";
import { openStore } from "./open_store.ts";

/** Flags of the commands that mirror a repository. */
export const EDGE_FLAGS: FlagTable = {
  upstream: {
    type: "string",
    multiple: true,
    value: "URL",
    help: "The repository to mirror, or another edge; several are mirrors of one",
  },
  root: { type: "string", value: "FILE", help: "The publisher's root.json, where trust starts" },
  store: {
    type: "string",
    value: "STORE",
    default: "fs:edge-store",
    help: "Where verified content is kept: fs:DIR, memory: or s3://BUCKET/PREFIX?endpoint=URL",
  },
};

/** What an edge mirrors, and where to: enough for another thread to open the same. */
export interface EdgeSite {
  readonly upstreams: readonly string[];
  readonly trustedRoot: Uint8Array<ArrayBuffer>;
  /** As `--store` names it. */
  readonly store: string;
  /** What relative paths count from. */
  readonly cwd: string;
  readonly onDemand: boolean;
  /** The most that the store may hold, in bytes. */
  readonly quota?: number | undefined;
}

/** The edge that the flags describe. */
export async function edgeSite(
  { flags, path, cwd }: CommandContext,
  { onDemand = false, quota }: {
    readonly onDemand?: boolean;
    readonly quota?: number | undefined;
  } = {},
): Promise<EdgeSite> {
  const upstreams = flags.texts("upstream");
  if (upstreams.length === 0) flags.required("upstream");
  const rootFile = path(flags.required("root"));
  const trustedRoot = await readFile(rootFile).catch((cause) => {
    throw fileError("read", rootFile, cause);
  });
  const store = flags.required("store");
  return { upstreams, trustedRoot: new Uint8Array(trustedRoot), store, cwd, onDemand, quota };
}

/** Opens an edge and its store. */
export async function openEdge(
  { upstreams, trustedRoot, store: name, cwd, onDemand, quota }: EdgeSite,
  log: Log,
  tracer: Tracer = silentTracer,
): Promise<{ edge: Edge; store: ManagedStore }> {
  const opened = await openStore(name, cwd);
  // The store asks what may go, and only the edge, which needs the store first, knows.
  let edge: Edge | undefined = undefined as Edge | undefined;
  const isEvictable = (key: string): boolean => edge?.canBringAgain(key) ?? false;
  const bounded = quota === undefined
    ? opened
    : await QuotaStore.open(opened, { bytes: quota, isEvictable });
  const store = tracer === silentTracer ? bounded : new TracedStore(bounded, tracer);
  const http = new HttpClient({ fetch: followWithinOrigin(fetch) });
  const upstream = new Upstream(new MirrorSet(upstreams, http), { tracer });
  edge = await Edge.open({
    store,
    upstream,
    trustedRoot,
    clock: systemClock,
    log,
    tracer,
    onDemand,
  });
  return { edge, store };
}
