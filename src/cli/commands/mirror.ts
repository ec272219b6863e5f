import { openTelemetryTracer } from "../../../workers/status/open_telemetry.ts";
import type { Command, CommandContext } from "../command.ts";
import { logLines } from "../../../workers/process/log_lines.ts";
import type { Edge, EdgeStatus } from "../../mirror/mod.ts";
import { EDGE_FLAGS, edgeSite } from "../edge_site.ts";
import { openEdges } from "../../../workers/process/open_edge.ts";

/** `breccia mirror`: one pass of an edge, without serving. */
export const command: Command = {
  name: "mirror",
  summary: "Bring a verified mirror up to date once, for cron",
  usage: "--upstream URL --root FILE | --config FILE --store STORE",
  description:
    "Brings what is new and makes it current when all of it is verified. On a failure the mirror " +
    "stays as it was.",
  example:
    "breccia mirror --upstream https://updates.example/ --root root.json \\\n    --store fs:/srv/edge",
  operands: [0, 0],
  flags: EDGE_FLAGS,
  run: mirror,
};

async function mirror(context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const tracer = openTelemetryTracer();
  const log = logLines((line) => output.log(line), tracer);
  const site = await edgeSite(context);
  const { edges } = await openEdges(site, log, { tracer });
  // Each by itself: one upstream that fails stops no other.
  const passes = await Promise.allSettled(edges.map((edge) => pass(edge, signal)));
  const done = passes.flatMap((pass) => pass.status === "fulfilled" ? [pass.value] : []);
  for (const { upstream, news, releases, targets, requests, bytes } of done) {
    const what = `${releases} releases and ${targets} targets`;
    output.print(
      `${site.prefixed ? `${upstream}: ` : ""}${news ? "Mirrored" : "Nothing new in"} ${what} ` +
        `(${requests} requests, ${bytes} bytes)`,
    );
  }
  const failed = passes.find((pass) => pass.status === "rejected");
  if (site.prefixed) output.document({ upstreams: done });
  if (failed !== undefined) throw failed.reason;
  const [{ upstream: _, ...only }] = done as [Pass];
  if (!site.prefixed) output.document(only);
}

/** What a pass over one upstream did. */
interface Pass {
  readonly upstream: string;
  readonly news: boolean;
  readonly releases: number;
  readonly targets: number;
  readonly metadata: EdgeStatus["metadata"];
  readonly requests: number;
  readonly bytes: number;
}

async function pass(edge: Edge, signal: AbortSignal): Promise<Pass> {
  const news = await edge.refresh(signal);
  const { releases, targets, metadata, upstreamTraffic } = edge.status();
  const counts = { releases: releases.length, targets, metadata, ...upstreamTraffic };
  return { upstream: edge.name, news, ...counts };
}
