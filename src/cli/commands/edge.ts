import { ANSWER_SLOTS, AnswerSlots } from "../../../workers/http/answer_slots.ts";
import { ClientLimits } from "../../../workers/http/client_limits.ts";
import { openTelemetryTracer } from "../../../workers/status/open_telemetry.ts";
import { Traffic } from "../../../workers/status/traffic.ts";
import { BrecciaError } from "../../errors.ts";
import {
  runMaintenanceLoop,
  runRefreshLoop,
  runSizeLoop,
  StoreMaintenance,
} from "../../mirror/mod.ts";
import { systemClock } from "../../ports/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { WorkLocks } from "../../../workers/process/work_locks.ts";
import type { Address } from "../../../workers/process/edge_thread.ts";
import { encodeInWorker } from "../delta_encoder.ts";
import { EdgeThreads } from "../../../workers/process/edge_threads.ts";
import { EDGE_FLAGS, edgeSite } from "../edge_site.ts";
import { serve } from "../../../workers/process/serve.ts";
import { sleep } from "../../../workers/process/sleep.ts";
import { logLines } from "../../../workers/process/log_lines.ts";
import { openEdges, siteApp } from "../../../workers/process/open_edge.ts";

/** `breccia edge`: mirrors a repository and serves it. */
export const command: Command = {
  name: "edge",
  summary: "Mirror a repository, verified, and serve it",
  usage: "--upstream URL --root FILE | --config FILE [--store STORE] [--listen HOST:PORT]",
  description:
    "Serves what it verified last, whatever the upstream does. The first line on stderr is JSON with " +
    'the address, {"event":"listening","url":…}; with --json it is on stdout, too. Logs are JSON lines ' +
    "on stderr. SIGTERM ends it when answers under way are sent.",
  example:
    "breccia edge --upstream https://updates.example/ --root root.json \\\n    --store fs:/srv/edge",
  operands: [0, 0],
  flags: {
    ...EDGE_FLAGS,
    listen: {
      type: "string",
      value: "HOST:PORT",
      default: "127.0.0.1:8080",
      help: "Where to serve; port 0 takes a free one",
    },
    interval: {
      type: "string",
      value: "S",
      default: "60",
      help: "Seconds between two looks for news",
    },
    maintain: {
      type: "string",
      value: "HOURS",
      default: "24",
      help: "Hours between two checks of the store for damage and leftovers",
    },
    threads: {
      type: "string",
      value: "N",
      default: "1",
      help: "Threads that serve on the one port, up to one for each core",
    },
    quota: {
      type: "string",
      value: "SIZE",
      help: "The most that the store may hold, as in 10GB; of --on-demand content the oldest goes",
    },
    dictionary: {
      type: "string",
      multiple: true,
      value: "PATTERN",
      help:
        "Web assets below /targets/ whose versions browsers fetch as deltas, as in app/*main.js",
    },
    answers: {
      type: "string",
      value: "N",
      default: String(ANSWER_SLOTS),
      help: "Long answers under way at once, by each thread; beyond: 503. Each takes up to 500 KB",
    },
    "per-ip-rate": {
      type: "string",
      value: "N",
      help: "Requests per second of one client address, ten seconds' worth at once; beyond: 429",
    },
    "per-ip-answers": {
      type: "string",
      value: "N",
      help: "Answers to one client address at the same time; beyond: 429",
    },
    proxies: {
      type: "string",
      value: "N",
      default: "0",
      help: "Proxies in front whose X-Forwarded-For is believed",
    },
    rebuilt: {
      type: "string",
      value: "SIZE",
      default: "1GB",
      help: "What archives that were made again may take in the store, to be sent again at once",
    },
    "deltas-on-demand": {
      type: "string",
      value: "SIZE",
      help: "Make deltas that devices ask for and nobody published, up to so much, as in 1GB",
    },
    "access-log": { type: "boolean", help: "Log each request, not only those that fail" },
    "on-demand": { type: "boolean", help: "Fetch content when it is first asked for, not before" },
  },
  run: runEdge,
};

async function runEdge(context: CommandContext): Promise<void> {
  const { flags, output, signal } = context;
  const maintain = (flags.integer("maintain", 1, 8760) ?? 24) * 3_600_000;
  const count = flags.integer("threads", 1, 256) ?? 1;
  const accessLog = flags.has("access-log");
  const site = await edgeSite(context);
  const address = site.listen === undefined
    ? parseAddress(flags.required("listen"), "--listen")
    : parseAddress(site.listen, "listen in the configuration");
  if (count > 1 && site.store === "memory:") {
    throw new BrecciaError(
      "usage",
      `--threads ${count} can't share memory:; give --store fs:DIR, or one thread`,
    );
  }
  if (site.deltaBudget !== undefined && typeof Worker === "undefined") {
    throw new BrecciaError("usage", "--deltas-on-demand needs Deno; leave it away on Node");
  }
  const claims = new WorkLocks();
  const tracer = openTelemetryTracer();
  const log = logLines((line) => output.log(line), tracer);
  const deltas = { encode: encodeInWorker };
  const shared = { tracer, deltas, signal, claims };
  const { edges, store, quota } = await openEdges(site, log, shared);
  const keeper = new StoreMaintenance({ store, edges, clock: systemClock, log, tracer });
  const upstreams = edges.map((edge) => {
    return { edge, log, accessLog, tracer, traffic: new Traffic() };
  });
  const threads = new EdgeThreads({
    site,
    upstreams,
    keeper,
    store,
    quota,
    claims,
    accessLog,
    write: (lines) => output.log(lines),
  });
  const serving = serve(
    siteApp(site, upstreams, {
      storeSize: () => keeper.size,
      slots: new AnswerSlots(site.answers, { log }),
    }),
    {
      ...address,
      reusePort: count > 1,
      signal,
      log,
      limits: ClientLimits.from(site.clients, log),
      onListen: (at) => {
        // Threads that don't start are reported where they are kept.
        threads.start(count - 1, at).then(() => announce(at), () => {});
      },
    },
  );
  const announce = ({ hostname, port }: Address): void => {
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    const listening = { event: "listening", url: `http://${host}:${port}/` };
    log("info", "listening", { url: listening.url });
    output.document(listening);
  };
  const schedule = { signal, random: Math.random, sleep };
  await Promise.all([
    serving,
    threads.keep(signal),
    ...edges.map((edge, at) =>
      runRefreshLoop(edge, { ...schedule, interval: site.upstreams[at]!.interval })
    ),
    runSizeLoop(keeper, { ...schedule, clock: systemClock, log }),
    runMaintenanceLoop(keeper, { ...schedule, interval: maintain, log }),
  ]);
}

function parseAddress(text: string, what: string): { hostname: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new BrecciaError("usage", `${what} is "${text}": give HOST:PORT, such as 0.0.0.0:8080`);
  }
  return { hostname: (match[1] as string).replace(/^\[(.*)\]$/, "$1"), port };
}
