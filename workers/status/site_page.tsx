import type { FC } from "hono/jsx";
import { AnswersSection } from "./answers_section.tsx";
import { PageShell } from "./page_shell.tsx";
import type { SiteStatus, UpstreamStatus } from "./site_status.ts";
import { Freshness, Reasons, STATE_WORDS, stateOf } from "./status_page.tsx";
import { SavingsTiles, type SavingsTilesProps } from "./status_tiles.tsx";
import type { Minute, RouteTotals } from "./traffic.ts";

/** What the page shows. */
export interface SitePageProps {
  readonly status: SiteStatus;
  /** Answers of all upstreams. */
  readonly routes: readonly RouteTotals[];
  /** Answers of the last hour, minute by minute. */
  readonly hour: readonly Minute[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The page for the people who run an edge of several upstreams: how each fares, and where more of it is. */
export const SitePage: FC<SitePageProps> = (
  { status, routes, hour, now }: SitePageProps,
): ReturnType<FC<SitePageProps>> => (
  <PageShell title={title(status)} state={stateOf(status)} words={title(status)}>
    <SavingsTiles licensed={licensedBy(status)} savings={status} now={now} />
    {status.upstreams.map((upstream) => (
      <OneUpstream key={upstream.name} status={upstream} now={now} />
    ))}
    <AnswersSection routes={routes} hour={hour} />
  </PageShell>
);

const OneUpstream: FC<{ status: UpstreamStatus; now: number }> = ({ status, now }) => (
  <section class="upstream">
    <header>
      <h2>
        <a href={`/upstreams/${status.name}`}>{status.name}</a>
      </h2>
      <p class={`state ${stateOf(status)}`}>{STATE_WORDS[stateOf(status)]}</p>
      <small>served at {status.prefix}</small>
    </header>
    <Reasons reasons={status.reasons} />
    <Freshness status={status} now={now} />
  </section>
);

/** All upstreams together. One that brings content on demand leaves open how much of it is here. */
function licensedBy({ upstreams }: SiteStatus): SavingsTilesProps["licensed"] {
  return {
    targetBytes: upstreams.reduce((sum, { targetBytes }) => sum + targetBytes, 0),
    onDemand: upstreams.some(({ onDemand }) => onDemand),
  };
}

/** `2 of 3 upstreams ready`. */
function title({ upstreams }: SiteStatus): string {
  const ready = upstreams.filter(({ ready }) => ready).length;
  return `${ready} of ${upstreams.length} upstreams ready`;
}
