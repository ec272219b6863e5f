import type { FC } from "hono/jsx";
import type { ReleaseDiff } from "../../src/mirror/mod.ts";
import { percent, size } from "./page_units.ts";

/** The newest releases, and how much of each is new. */
export const ReleaseTable: FC<{ releases: readonly ReleaseDiff[] }> = (
  { releases }: { releases: readonly ReleaseDiff[] },
): ReturnType<FC> => (
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
              <th scope="col" class="number">Delta</th>
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

const Release: FC<{ release: ReleaseDiff }> = ({ release: { info, novelty, deltaBytes } }) => {
  const share = percent(novelty.bytes === 0 ? 0 : novelty.newBytes / novelty.bytes);
  return (
    <tr>
      <th scope="row">
        {info.app} {info.version} {info.platform !== "any" && <small>{info.platform}</small>}
      </th>
      <td>{info.channels.join(", ") || "withdrawn"}</td>
      <td class="number">{size(novelty.bytes)}</td>
      <td class="number">{size(novelty.newBytes)} ({share})</td>
      <td class="number">{deltaBytes === undefined ? "–" : size(deltaBytes)}</td>
      <td>
        <Strip shares={novelty.strip} told={`${share} of it is new`} />
      </td>
    </tr>
  );
};

/** Equal stretches that look alike side by side are one, without seams. */
const Strip: FC<{ shares: readonly number[]; told: string }> = ({ shares, told }) => {
  const stretches: { x: number; width: number; opacity: string }[] = [];
  for (const [x, fresh] of shares.entries()) {
    const opacity = (0.14 + 0.86 * fresh).toFixed(2);
    const last = stretches.at(-1);
    if (last?.opacity === opacity) last.width++;
    else stretches.push({ x, width: 1, opacity });
  }
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${shares.length} 8`}
      preserveAspectRatio="none"
      role="img"
      aria-label={told}
    >
      {stretches.map(({ x, width, opacity }) => (
        <rect key={x} x={x} y="0" width={width} height="8" fill-opacity={opacity} />
      ))}
    </svg>
  );
};
