/**
 * A thread of {@linkcode EdgeThreads}: serves what the leading thread has made current in the store.
 *
 * @module
 */

import { createApp } from "../../workers/app.ts";
import { serveOnDeno } from "../../workers/deno.ts";
import { openTelemetryTracer } from "../../workers/open_telemetry.ts";
import { Traffic, type TrafficCounts } from "../../workers/traffic.ts";
import type { Edge, EdgeStatus } from "../mirror/mod.ts";
import { logLines } from "./log_lines.ts";
import { type EdgeSite, openEdge } from "./open_edge.ts";

/** What the leading thread says. */
export type ToThread =
  | {
    readonly type: "start";
    readonly site: EdgeSite;
    readonly address: Address;
    readonly accessLog: boolean;
  }
  /** How the edge fares, and what the other threads have counted. */
  | {
    readonly type: "state";
    readonly status: EdgeStatus;
    readonly elsewhere: readonly TrafficCounts[];
  }
  | { readonly type: "stop" };

/** What a thread says. */
export type FromThread =
  | { readonly type: "listening" }
  | { readonly type: "log"; readonly line: string }
  | { readonly type: "counts"; readonly counts: TrafficCounts }
  | { readonly type: "stopped" };

/** Where all threads listen. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToThread>) => void;
  postMessage(message: FromThread): void;
};

const stop = new AbortController();
const traffic = new Traffic();
let status: EdgeStatus | undefined;
let edge: Edge | undefined;

thread.onmessage = ({ data }) => {
  if (data.type === "start") void serve(data);
  else if (data.type === "stop") stop.abort();
  else {
    status = data.status;
    traffic.showWith(data.elsewhere);
    void follow(data.status);
    thread.postMessage({ type: "counts", counts: traffic.counts() });
  }
};

const tracer = openTelemetryTracer();
const log = logLines((line) => thread.postMessage({ type: "log", line }), tracer);

async function serve(
  { site, address, accessLog }: ToThread & { readonly type: "start" },
): Promise<void> {
  const opened = await openEdge(site, log, tracer);
  edge = opened.edge;
  const app = createApp({
    edge,
    log,
    accessLog,
    tracer,
    traffic,
    status: () => status ?? opened.edge.status(),
  });
  const onListen = (): void => thread.postMessage({ type: "listening" });
  await serveOnDeno(app, { ...address, reusePort: true, signal: stop.signal, log, onListen });
  thread.postMessage({ type: "stopped" });
}

async function follow(leader: EdgeStatus): Promise<void> {
  if (edge === undefined || edge.status().metadata?.timestamp === leader.metadata?.timestamp) {
    return;
  }
  try {
    await edge.follow();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log("warn", "follow failed", { message });
  }
}
