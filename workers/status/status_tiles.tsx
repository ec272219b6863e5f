import type { Child, FC } from "hono/jsx";
import type { EdgeStatus, ReadCounts, StoreSize } from "../../src/mirror/mod.ts";
import { ago, count, percent, size } from "./page_units.ts";
import type { Savings } from "./savings.ts";

/** What a {@linkcode Tile} shows. */
export interface TileProps {
  readonly name: string;
  readonly note?: string;
  /** Absent when nothing is wrong. */
  readonly tone?: "warned" | "bad" | undefined;
  readonly children?: Child;
}

/** One number with its name; what explains it stands below, smaller. */
export const Tile: FC<TileProps> = (
  { name, note, tone, children }: TileProps,
): ReturnType<FC> => (
  <div>
    <dt>{name}</dt>
    <dd class={tone}>{children}</dd>
    {note && <dd class="note">{note}</dd>}
  </div>
);

/** What the tiles show. */
export interface SavingsTilesProps {
  /** How long everything is that may be served, and whether it is brought only when it is asked for. */
  readonly licensed: Pick<EdgeStatus, "targetBytes" | "onDemand">;
  readonly savings: Savings;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What the edge holds, and what that saves. */
export const SavingsTiles: FC<SavingsTilesProps> = (
  { licensed, savings, now }: SavingsTilesProps,
): ReturnType<FC> => (
  <dl class="tiles savings">
    {savings.store !== undefined && (
      <>
        <StoreTile store={savings.store} now={now} />
        <DeduplicationTile licensed={licensed} store={savings.store} />
      </>
    )}
    <DeltaTile savings={savings} />
    <HitTile reads={savings.reads} />
  </dl>
);

const StoreTile: FC<{ store: StoreSize | null; now: number }> = ({ store, now }) =>
  store === null ? <Tile name="Store" note="not measured yet">–</Tile> : (
    <Tile
      name="Store"
      note={`${count(store.objects)} objects` +
        (store.deltaBytes === 0 ? "" : `, ${size(store.deltaBytes)} of it deltas`) +
        `; measured ${ago(now - store.measuredAt)}`}
    >
      {size(store.bytes)}
    </Tile>
  );

const DeduplicationTile: FC<{
  licensed: SavingsTilesProps["licensed"];
  store: StoreSize | null;
}> = ({ licensed: { targetBytes, onDemand }, store }) => {
  if (onDemand) {
    return (
      <Tile name="Licensed" note="brought when it is first asked for">{size(targetBytes)}</Tile>
    );
  }
  if (store === null || targetBytes === 0) return <Tile name="Deduplication">–</Tile>;
  const taken = Math.min(store.contentBytes / targetBytes, 1);
  return (
    <Tile
      name="Deduplication"
      note={`${size(targetBytes)} of targets stored in ${size(store.contentBytes)}`}
    >
      saves {percent(1 - taken)}
      <Meter parts={[["taken", taken]]} />
    </Tile>
  );
};

const DeltaTile: FC<{ savings: Savings }> = ({ savings: { deltas } }) => {
  if (deltas === null) return <Tile name="Deltas" note="releases are not compared yet">–</Tile>;
  const { deltas: number, bytes, chunkBytes } = deltas;
  if (number === 0) return <Tile name="Deltas" note="from no release to the next">none</Tile>;
  const taken = Math.min(bytes / Math.max(chunkBytes, 1), 1);
  return (
    <Tile
      name={number === 1 ? "1 delta" : `${count(number)} deltas`}
      note={`${size(bytes)} to send in place of ${size(chunkBytes)} of chunks`}
    >
      {number === 1 ? "saves" : "save"} {percent(1 - taken)}
      <Meter parts={[["taken", taken]]} />
    </Tile>
  );
};

const HitTile: FC<{ reads: ReadCounts }> = ({ reads: { memory, store, upstream } }) => {
  const all = memory + store + upstream;
  if (all === 0) return <Tile name="Hit rate" note="no content was asked for yet">–</Tile>;
  const shares = `${percent(memory / all)} memory, ${percent(store / all)} store, ` +
    `${percent(upstream / all)} upstream`;
  return (
    <Tile name="Hit rate" note={shares}>
      {percent((memory + store) / all)}
      <Meter
        parts={[["memory", memory / all], ["store", store / all], ["upstream", upstream / all]]}
      />
    </Tile>
  );
};

/** Shares of a whole, side by side. The text beside it says the same. */
const Meter: FC<{ parts: readonly (readonly [kind: string, share: number])[] }> = ({ parts }) => {
  let x = 0;
  const bars = parts.map(([kind, share]) => {
    const bar = <rect key={kind} class={kind} x={x} y="0" width={100 * share} height="1" />;
    x += 100 * share;
    return bar;
  });
  return (
    <svg class="meter" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
      {bars}
    </svg>
  );
};
