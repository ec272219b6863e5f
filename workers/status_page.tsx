/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { raw } from "hono/html";
import type { Child, FC } from "hono/jsx";
import type { EdgeStatus, ReleaseNovelty } from "../src/mirror/mod.ts";
import { STATUS_STYLE } from "./status_style.ts";
import type { Minute, RouteTotals } from "./traffic.ts";

/** What the page shows. */
export interface StatusPageProps {
  readonly status: EdgeStatus;
  readonly releases: readonly ReleaseNovelty[];
  readonly routes: readonly RouteTotals[];
  /** Answers of the last hour, minute by minute. */
  readonly hour: readonly Minute[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The page for the people who run the edge. It needs no script, and asks for nothing but itself. */
export const StatusPage: FC<StatusPageProps> = (
  { status, releases, routes, hour, now }: StatusPageProps,
): ReturnType<FC<StatusPageProps>> => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta http-equiv="refresh" content="30" />
      <meta name="color-scheme" content="light dark" />
      <title>{status.ready ? "Ready" : "Not ready"} · Breccia edge</title>
      <style>{raw(STATUS_STYLE)}</style>
    </head>
    <body>
      <header>
        <h1>Breccia edge</h1>
        <p class={`state ${stateOf(status)}`}>{STATE_WORDS[stateOf(status)]}</p>
      </header>
      <main>
        <Reasons reasons={status.reasons} />
        <Freshness status={status} now={now} />
        <Releases releases={releases} />
        <Answers routes={routes} hour={hour} />
      </main>
    </body>
  </html>
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
      <Tile name="Metadata expires">
        {expires === null ? "none yet" : expires <= now ? "expired" : `in ${span(expires - now)}`}
      </Tile>
      <Tile name="Confirmed by upstream">
        {confirmedAt === null ? "not since the start" : `${span(now - confirmedAt)} ago`}
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

const Tile: FC<{ name: string; children?: Child }> = ({ name, children }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const Releases: FC<{ releases: readonly ReleaseNovelty[] }> = ({ releases }) => (
  <section>
    <h2>Releases</h2>
    {releases.length === 0
      ? <p>None of ours; targets are served as they are.</p>
      : (
        <table class="releases">
          <caption>
            Strong stretches are new in a release, pale ones are shared with the one before.
          </caption>
          <thead>
            <tr>
              <th scope="col">Release</th>
              <th scope="col">Channels</th>
              <th scope="col" class="number">Size</th>
              <th scope="col" class="number">New</th>
              <th scope="col">Where</th>
            </tr>
          </thead>
          <tbody>
            {releases.map((release) => <Release key={release.info.archive} release={release} />)}
          </tbody>
        </table>
      )}
  </section>
);

const Release: FC<{ release: ReleaseNovelty }> = ({ release: { info, novelty } }) => {
  const share = novelty.bytes === 0 ? 0 : Math.round(100 * novelty.newBytes / novelty.bytes);
  return (
    <tr>
      <th scope="row">
        {info.app} {info.version} {info.platform !== "any" && <small>{info.platform}</small>}
      </th>
      <td>{info.channels.join(", ") || "withdrawn"}</td>
      <td class="number">{size(novelty.bytes)}</td>
      <td class="number">{size(novelty.newBytes)} ({share} %)</td>
      <td>
        <svg
          class="strip"
          viewBox={`0 0 ${novelty.strip.length} 8`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${share} % of it is new`}
        >
          {novelty.strip.map((fresh, at) => (
            <rect
              key={at}
              x={at}
              y="0"
              width="1.02"
              height="8"
              fill-opacity={(0.12 + 0.88 * fresh).toFixed(2)}
            />
          ))}
        </svg>
      </td>
    </tr>
  );
};

const Answers: FC<{ routes: readonly RouteTotals[]; hour: readonly Minute[] }> = (
  { routes, hour },
) => (
  <section>
    <h2>Answers</h2>
    <LastHour hour={hour} />
    <table>
      <thead>
        <tr>
          <th scope="col">Route</th>
          <th scope="col" class="number">Answers</th>
          <th scope="col" class="number">Errors</th>
          <th scope="col" class="number">Sent</th>
        </tr>
      </thead>
      <tbody>
        {routes.map(({ route, answers, errors, bytes }) => (
          <tr key={route}>
            <th scope="row">{route}</th>
            <td class="number">{answers.toLocaleString("en")}</td>
            <td class="number">{errors.toLocaleString("en")}</td>
            <td class="number">{size(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

/** A bar for each minute; errors stand at the foot of a bar. */
const LastHour: FC<{ hour: readonly Minute[] }> = ({ hour }) => {
  const most = Math.max(1, ...hour.map(({ answers }) => answers));
  const sum = (key: keyof Minute) => hour.reduce((total, minute) => total + minute[key], 0);
  const told = `${sum("answers").toLocaleString("en")} in the last hour, ` +
    `${sum("errors").toLocaleString("en")} of them errors; ` +
    `at most ${most.toLocaleString("en")} in a minute`;
  return (
    <figure>
      <svg
        class="hour"
        viewBox={`0 0 ${hour.length} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={told}
      >
        {hour.map(({ answers, errors }, at) => {
          const [whole, wrong] = [100 * answers / most, 100 * errors / most];
          return (
            <>
              <rect x={at} y={100 - whole} width="0.8" height={whole} />
              <rect class="wrong" x={at} y={100 - wrong} width="0.8" height={wrong} />
            </>
          );
        })}
      </svg>
      <figcaption>{told}</figcaption>
    </figure>
  );
};

/** `3 d 4 h`, `12 min`: the two largest units that say something. */
function span(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : "less than a minute";
}

/** `1.5 MB`: decimal units, as networks are sold. */
function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}
