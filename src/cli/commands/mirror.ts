import { openTelemetryTracer } from "../../../workers/open_telemetry.ts";
import type { Command, CommandContext } from "../command.ts";
import { logLines } from "../log_lines.ts";
import { EDGE_FLAGS, edgeSite, openEdge } from "../open_edge.ts";

/** `breccia mirror`: one pass of an edge, without serving. */
export const command: Command = {
  name: "mirror",
  summary: "Bring a verified mirror up to date once, for cron",
  usage: "--upstream URL --root FILE --store STORE",
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
  const tracer = openTelemetryTracer();
  const log = logLines((line) => context.output.log(line), tracer);
  const { edge } = await openEdge(await edgeSite(context), log, tracer);
  const news = await edge.refresh(context.signal);
  const { releases, targets, metadata, upstreamTraffic } = edge.status();
  context.output.document({
    news,
    releases: releases.length,
    targets,
    metadata,
    ...upstreamTraffic,
  });
  context.output.print(
    `${news ? "Mirrored" : "Nothing new in"} ${releases.length} releases and ${targets} targets ` +
      `(${upstreamTraffic.requests} requests, ${upstreamTraffic.bytes} bytes)`,
  );
}
