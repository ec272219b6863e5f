import type { FC } from "hono/jsx";
import type { EdgeStatus, ReleaseDiff } from "../../src/mirror/mod.ts";
import { AnswersSection } from "./answers_section.tsx";
import { PageShell } from "./page_shell.tsx";
import { ago, size, span } from "./page_units.ts";
import { ReleaseTable } from "./release_table.tsx";
import type { Savings } from "./savings.ts";
import { SavingsTiles, Tile } from "./status_tiles.tsx";
import type { Minute, RouteTotals } from "./traffic.ts";

/** What the page shows. */
export interface StatusPageProps {
  readonly status: EdgeStatus;
  readonly savings: Savings;
  readonly releases: readonly ReleaseDiff[];
  readonly routes: readonly RouteTotals[];
  /** Answers of the last hour, minute by minute. */
  readonly hour: readonly Minute[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The page for the people who run the edge. It needs no script, and asks for nothing but itself. */
export const StatusPage: FC<StatusPageProps> = (
  { status, savings, releases, routes, hour, now }: StatusPageProps,
): ReturnType<FC<StatusPageProps>> => (
  <PageShell
    title={status.ready ? "Ready" : "Not ready"}
    state={stateOf(status)}
    words={STATE_WORDS[stateOf(status)]}
  >
    <Reasons reasons={status.reasons} />
    <Freshness status={status} now={now} />
    <SavingsTiles licensed={status} savings={savings} now={now} />
    <ReleaseTable releases={releases} />
    <AnswersSection routes={routes} hour={hour} />
  </PageShell>
);

/** What each state is called. */
export const STATE_WORDS = {
  good: "Ready",
  warned: "Ready, with a warning",
  bad: "Not ready",
} as const;

/** The state of an edge, which is also the class of its colour. */
export function stateOf(
  { ready, reasons }: Pick<EdgeStatus, "ready" | "reasons">,
): keyof typeof STATE_WORDS {
  if (!ready) return "bad";
  return reasons.length > 0 ? "warned" : "good";
}

/** What an operator should know; nothing when all is well. */
export const Reasons: FC<{ reasons: readonly string[] }> = (
  { reasons }: { reasons: readonly string[] },
): ReturnType<FC> =>
  reasons.length === 0
    ? null
    : <ul class="reasons">{reasons.map((reason) => <li key={reason}>{reason}</li>)}</ul>;

/** How fresh what an edge serves is. */
export const Freshness: FC<{ status: EdgeStatus; now: number }> = (
  { status, now }: { status: EdgeStatus; now: number },
): ReturnType<FC> => {
  const { metadata, expires, confirmedAt, upstreamTraffic } = status;
  return (
    <dl class="tiles">
      <Tile name="Upstream">{status.upstream}</Tile>
      <Tile name="Metadata expires" tone={toneOf(expires, now)}>
        {expires === null ? "none yet" : expires <= now ? "expired" : `in ${span(expires - now)}`}
      </Tile>
      <Tile name="Confirmed by upstream">
        {confirmedAt === null ? "not since the start" : ago(now - confirmedAt)}
      </Tile>
      <Tile name="Timestamp, root">
        {metadata === null ? "–" : `version ${metadata.timestamp}, ${metadata.root}`}
      </Tile>
      <Tile name="Targets">
        {status.targets.toLocaleString("en")}
        {status.filtered > 0 && `, ${status.filtered.toLocaleString("en")} left out by filters`}
      </Tile>
      <Tile name="Fetched from upstream">
        {`${size(upstreamTraffic.bytes)} in ${upstreamTraffic.requests} requests`}
      </Tile>
    </dl>
  );
};

/** How an expiry looks: `/readyz` warns from a day before. */
function toneOf(expires: number | null, now: number): "warned" | "bad" | undefined {
  if (expires === null || expires <= now) return "bad";
  return expires - now < 24 * 60 * 60_000 ? "warned" : undefined;
}
