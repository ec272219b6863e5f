import type { EdgeStatus } from "../src/mirror/mod.ts";
import type { Traffic } from "./traffic.ts";

/** Media type of the text format of Prometheus. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** How an edge fares, for Prometheus. Times are seconds since 1970; docs/edge.md has alarms to copy. */
export function metricsText(status: EdgeStatus, traffic: Traffic): string {
  const gauges: [name: string, value: number | null][] = [
    ["breccia_ready", Number(status.ready)],
    ["breccia_metadata_expires_seconds", inSeconds(status.expires)],
    ["breccia_confirmed_seconds", inSeconds(status.confirmedAt)],
    ["breccia_refresh_failed", Number(status.trouble !== null)],
    ["breccia_targets", status.targets],
    ["breccia_targets_filtered", status.filtered],
    ["breccia_releases", status.releases.length],
    ["breccia_timestamp_version", status.metadata?.timestamp ?? null],
    ["breccia_root_version", status.metadata?.root ?? null],
  ];
  const lines = gauges.flatMap(([name, value]) =>
    value === null ? [] : [`# TYPE ${name} gauge`, `${name} ${value}`]
  );
  if (status.trouble !== null) {
    lines.push("# TYPE breccia_trouble gauge", `breccia_trouble{code="${status.trouble.code}"} 1`);
  }
  const { requests, bytes } = status.upstreamTraffic;
  lines.push("# TYPE breccia_upstream_requests_total counter");
  lines.push(`breccia_upstream_requests_total ${requests}`);
  lines.push("# TYPE breccia_upstream_bytes_total counter");
  lines.push(`breccia_upstream_bytes_total ${bytes}`);
  return [...lines, ...traffic.lines(), ""].join("\n");
}

function inSeconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1000;
}
