import type { ManagedStore } from "../ports/mod.ts";

/** Where it is kept since when objects are not needed. */
const LEDGER = "sweep";

/** What a sweep found and did. */
export interface SweepResult {
  /** Objects that were removed, and their bytes. */
  readonly removed: number;
  /** What the removed objects took. */
  readonly removedBytes: number;
  /** Objects that are not needed now, and go when their grace is over. */
  readonly waiting: number;
}

/**
 * Removes objects that nothing has needed for `grace` milliseconds. What was needed a moment ago may still
 * be read by a client, and what is not needed yet may belong to a refresh under way, here or at a replica:
 * so an object goes only when two sweeps, at least `grace` apart, found no use for it.
 *
 * @param needed Keys that must stay.
 */
export async function sweepStore(
  store: ManagedStore,
  needed: ReadonlySet<string>,
  { now, grace, signal }: { now: number; grace: number; signal?: AbortSignal | undefined },
): Promise<SweepResult> {
  const since = await readLedger(store);
  const waiting = new Map<string, number>();
  let removed = 0;
  let removedBytes = 0;
  for await (const { key, size } of store.list("", { ...(signal && { signal }) })) {
    if (needed.has(key) || key === LEDGER) continue;
    const found = since.get(key) ?? now;
    if (now - found < grace) {
      waiting.set(key, found);
      continue;
    }
    await store.delete(key);
    removed++;
    removedBytes += size;
  }
  await store.put(LEDGER, new TextEncoder().encode(JSON.stringify([...waiting])));
  return { removed, removedBytes, waiting: waiting.size };
}

/** A ledger that is missing or damaged only makes everything wait for its grace anew. */
async function readLedger(store: ManagedStore): Promise<ReadonlyMap<string, number>> {
  const object = await store.get(LEDGER);
  try {
    return new Map(JSON.parse(new TextDecoder().decode(object?.bytes)) as [string, number][]);
  } catch {
    return new Map();
  }
}
