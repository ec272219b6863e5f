import type { EdgeStatus, StoreSize } from "../../src/mirror/mod.ts";
import type { Savings } from "./savings.ts";
import type { Traffic } from "./traffic.ts";

/** Media type of the text format of Prometheus. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A metric with its values; one that is `null` is not known, and left out. */
type Metric = readonly [
  name: string,
  help: string,
  value: number | null | readonly (readonly [labels: string, value: number])[],
];

/** How an edge fares, for Prometheus. Times are seconds since 1970; docs/deploy has alarms to copy. */
export function metricsText(status: EdgeStatus, traffic: Traffic, savings: Savings): string {
  return [
    ...gauges(status),
    ...storeMetrics(savings.store ?? null),
    ...deltaMetrics(savings),
    ...counters(status, savings),
    ...traffic.lines(),
    "",
  ].join("\n");
}

function gauges(status: EdgeStatus): string[] {
  const { trouble, metadata } = status;
  return [
    ...metric("gauge", ["ready", "1 while there is verified, unexpired metadata", +status.ready]),
    ...metric("gauge", [
      "metadata_expires_seconds",
      "When the first metadata file expires",
      inSeconds(status.expires),
    ]),
    ...metric("gauge", [
      "confirmed_seconds",
      "When the upstream last confirmed what is served",
      inSeconds(status.confirmedAt),
    ]),
    ...metric("gauge", [
      "refreshing_since_seconds",
      "When the refresh began that is under way",
      inSeconds(status.refreshingSince),
    ]),
    ...metric("gauge", ["refresh_failed", "1 when the last refresh failed", +(trouble !== null)]),
    ...metric("gauge", [
      "trouble",
      "Why the last refresh failed",
      trouble && [[`code="${trouble.code}"`, 1]],
    ]),
    ...metric("gauge", ["targets", "Targets that the metadata licenses", status.targets]),
    ...metric("gauge", ["target_bytes", "Length of all targets together", status.targetBytes]),
    ...metric("gauge", [
      "targets_filtered",
      "Targets that the filters leave out",
      status.filtered,
    ]),
    ...metric("gauge", [
      "roles_unavailable",
      "Delegated roles whose metadata can't be had or are refused",
      status.unavailableRoles.length,
    ]),
    ...metric("gauge", ["releases", "Releases among the targets", status.releases.length]),
    ...metric("gauge", [
      "timestamp_version",
      "Version of the timestamp metadata",
      metadata?.timestamp ?? null,
    ]),
    ...metric("gauge", ["root_version", "Version of the root metadata", metadata?.root ?? null]),
  ];
}

/** What a store holds, line by line; nothing when it was never measured. */
export function storeMetrics(store: StoreSize | null): string[] {
  const metrics: Metric[] = [
    ["store_objects", "Objects in the store", store && store.objects],
    ["store_bytes", "Bytes in the store", store && store.bytes],
    ["store_content_bytes", "Bytes that targets are made of", store && store.contentBytes],
    ["store_delta_bytes", "Bytes of deltas in the store", store && store.deltaBytes],
  ];
  return metrics.flatMap((one) => metric("gauge", one));
}

function deltaMetrics({ deltas }: Savings): string[] {
  const metrics: Metric[] = [
    ["deltas", "Deltas from a release to the next", deltas && deltas.deltas],
    ["delta_bytes", "Length of these deltas together", deltas && deltas.bytes],
    ["delta_chunk_bytes", "What the same updates take as chunks", deltas && deltas.chunkBytes],
  ];
  return metrics.flatMap((one) => metric("gauge", one));
}

function counters({ upstreamTraffic }: EdgeStatus, { reads }: Savings): string[] {
  const metrics: Metric[] = [
    ["upstream_requests_total", "Requests sent to the upstream", upstreamTraffic.requests],
    ["upstream_bytes_total", "Body bytes received from the upstream", upstreamTraffic.bytes],
    [
      "content_reads_total",
      "How often content was opened to be served, by where it came from",
      Object.entries(reads).map(([from, count]) => [`from="${from}"`, count] as const),
    ],
  ];
  return metrics.flatMap((one) => metric("counter", one));
}

function metric(type: "gauge" | "counter", [name, help, value]: Metric): string[] {
  if (value === null) return [];
  const full = `breccia_${name}`;
  const samples = typeof value === "number"
    ? [`${full} ${value}`]
    : value.map(([labels, number]) => `${full}{${labels}} ${number}`);
  return [`# HELP ${full} ${help}.`, `# TYPE ${full} ${type}`, ...samples];
}

function inSeconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1000;
}
