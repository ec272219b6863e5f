import type { DeltaSavings, Edge, ReadCounts, StoreSize } from "../../src/mirror/mod.ts";
import type { Traffic } from "./traffic.ts";

/** What an edge holds and saves, as `/status.json` shows it beside its status. */
export interface Savings {
  /**
   * What the store holds, as it was measured last; `null` when it never was. Absent for one of several
   * upstreams, which share the store.
   */
  readonly store?: StoreSize | null;
  /** What deltas save those who come from the release before; `null` until releases were compared. */
  readonly deltas: DeltaSavings | null;
  /** Where the content came from that was asked for. */
  readonly reads: ReadCounts;
}

/** What `edge` saves, as far as it is known: nothing is read or waited for. */
export function savingsOf(
  edge: Edge,
  { traffic, size }: { readonly traffic: Traffic; readonly size: StoreSize | null | undefined },
): Savings {
  const served = edge.served;
  const deltas = served?.deltaSavings;
  // Known the next time. On demand it would fetch indexes that nobody asked for.
  if (deltas === undefined && !edge.status().onDemand) served?.novelties().catch(() => {});
  return {
    ...(size !== undefined && { store: size }),
    deltas: deltas ?? null,
    reads: traffic.reads(),
  };
}

/** What several upstreams save together, whose store is of `size`. */
export function sumSavings(each: readonly Savings[], size: StoreSize | null): Savings {
  const reads = { memory: 0, store: 0, upstream: 0 };
  const sum = { deltas: 0, bytes: 0, chunkBytes: 0 };
  for (const { deltas, reads: { memory, store, upstream } } of each) {
    reads.memory += memory;
    reads.store += store;
    reads.upstream += upstream;
    sum.deltas += deltas?.deltas ?? 0;
    sum.bytes += deltas?.bytes ?? 0;
    sum.chunkBytes += deltas?.chunkBytes ?? 0;
  }
  const compared = each.some(({ deltas }) => deltas !== null);
  return { store: size, deltas: compared ? sum : null, reads };
}
