/**
 * A thread of {@linkcode EdgeThreads}: serves what the leading thread has made current in the store.
 *
 * @module
 */

import { AnswerSlots } from "../http/answer_slots.ts";
import { ClientLimits } from "../http/client_limits.ts";
import { serveOnDeno } from "../entry/deno.ts";
import { openTelemetryTracer } from "../status/open_telemetry.ts";
import { Traffic, type TrafficCounts } from "../status/traffic.ts";
import type { Edge, EdgeStatus, ForwardRequest, StoreSize } from "../../src/mirror/mod.ts";
import type { ManagedStore } from "../../src/ports/mod.ts";
import { LineBatch } from "./line_batch.ts";
import { type Claimed, type ClaimMessage, RemoteWorkLocks } from "./work_locks.ts";
import {
  type ChangeOutcome,
  PrimaryBackedStore,
  type StoreMessage,
} from "./primary_backed_store.ts";
import { sayInTheLog } from "./console_log.ts";
import { logLines } from "./log_lines.ts";
import type { EdgeSite } from "./site_settings.ts";
import { openEdges, siteApp } from "./open_edge.ts";

/** What the leading thread says. */
export type ToThread =
  | {
    readonly type: "start";
    readonly site: EdgeSite;
    readonly address: Address;
    readonly accessLog: boolean;
  }
  /** How each upstream fares, in the order of the site, and what the store holds. */
  | {
    readonly type: "state";
    readonly upstreams: readonly UpstreamState[];
    readonly storeSize: StoreSize | null;
  }
  /** The answer to a claim. */
  | { readonly type: "claimed"; readonly id: number; readonly claimed: Claimed }
  /** How a change of the store ended. */
  | { readonly type: "changed"; readonly id: number; readonly outcome: ChangeOutcome }
  | { readonly type: "stop" };

/** What a thread says. */
export type FromThread =
  | ClaimMessage
  | StoreMessage
  | { readonly type: "listening" }
  /** Lines of its log, joined by line feeds. */
  | { readonly type: "log"; readonly lines: string }
  /** What it has counted of each upstream, in the order of the site. */
  | { readonly type: "counts"; readonly counts: readonly TrafficCounts[] }
  /** Somebody wants a delta: the leading thread makes it. */
  | { readonly type: "delta"; readonly base: string; readonly index: string }
  | { readonly type: "stopped" };

/** How an upstream fares, and what the other threads have counted of it. */
export interface UpstreamState {
  readonly status: EdgeStatus;
  readonly elsewhere: readonly TrafficCounts[];
}

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
let upstreams: readonly { readonly edge: Edge; readonly traffic: Traffic }[] = [];
let states: readonly UpstreamState[] = [];
let storeSize: StoreSize | null = null;
let led: PrimaryBackedStore | undefined;

thread.onmessage = ({ data }) => {
  if (data.type === "start") void serve(data);
  else if (data.type === "stop") stop.abort();
  else if (data.type === "changed") led?.changed(data.id, data.outcome);
  else if (data.type === "claimed") claims.answered(data.id, data.claimed);
  else {
    states = data.upstreams;
    storeSize = data.storeSize;
    for (const [at, { edge, traffic }] of upstreams.entries()) {
      const { status, elsewhere } = states[at]!;
      traffic.showWith(elsewhere);
      void follow(edge, status);
    }
    thread.postMessage({
      type: "counts",
      counts: upstreams.map(({ traffic }) => traffic.counts()),
    });
  }
};

const claims = new RemoteWorkLocks((message) => thread.postMessage(message));
const lead = (store: ManagedStore): ManagedStore =>
  led = new PrimaryBackedStore(store, (message) => thread.postMessage(message));
const tracer = openTelemetryTracer();
const batch = new LineBatch((lines) => thread.postMessage({ type: "log", lines }));
const log = logLines((line) => batch.add(line), tracer);
sayInTheLog(log);

async function serve(
  { site, address, accessLog }: ToThread & { readonly type: "start" },
): Promise<void> {
  const hand: ForwardRequest = (base, index) => thread.postMessage({ type: "delta", base, index });
  const { edges } = await openEdges(site, log, {
    tracer,
    deltas: { hand },
    leads: false,
    claims,
    lead,
  });
  const opened = edges.map((edge, at) => ({
    edge,
    log,
    accessLog,
    tracer,
    traffic: new Traffic(),
    status: () => states[at]?.status ?? edge.status(),
  }));
  upstreams = opened;
  const app = siteApp(site, opened, {
    storeSize: () => storeSize,
    slots: new AnswerSlots(site.answers, { log }),
  });
  const onListen = (): void => thread.postMessage({ type: "listening" });
  const limits = ClientLimits.from(site.clients, log);
  const options = { ...address, reusePort: true, signal: stop.signal, log, limits, onListen };
  await serveOnDeno(app, options);
  batch.flush();
  thread.postMessage({ type: "stopped" });
}

async function follow(edge: Edge, leader: EdgeStatus): Promise<void> {
  if (edge.status().metadata?.timestamp === leader.metadata?.timestamp) return;
  try {
    await edge.adoptLatest();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log("warn", "follow failed", { upstream: edge.name, message });
  }
}
