import { readFile } from "node:fs/promises";
import { Edge, Upstream } from "../mirror/mod.ts";
import { type Log, type ManagedStore, systemClock } from "../ports/mod.ts";
import { HttpClient, MirrorSet } from "../transport/mod.ts";
import type { CommandContext, FlagTable } from "./command.ts";
import { fileError } from "./file_error.ts";
import { openStore } from "./open_store.ts";
import type { Output } from "./output.ts";

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

/** Opens the edge that the flags describe. */
export async function openEdge(
  { flags, path, cwd, output }: CommandContext,
  options: { readonly onDemand?: boolean } = {},
): Promise<{ edge: Edge; store: ManagedStore; log: Log }> {
  const upstreams = flags.texts("upstream");
  if (upstreams.length === 0) flags.required("upstream");
  const rootFile = path(flags.required("root"));
  const trustedRoot = await readFile(rootFile).catch((cause) => {
    throw fileError("read", rootFile, cause);
  });
  const log = logTo(output);
  const store = await openStore(flags.required("store"), cwd);
  const edge = await Edge.open({
    store,
    upstream: new Upstream(new MirrorSet(upstreams, new HttpClient({ fetch }))),
    trustedRoot,
    clock: systemClock,
    log,
    ...options,
  });
  return { edge, store, log };
}

/** One JSON line for each record, on stderr. */
function logTo(output: Output): Log {
  return (level, event, fields) =>
    output.log(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }));
}
