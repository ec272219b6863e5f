import { isBrecciaError } from "../../errors.ts";
import type { ManagedStore, ObjectSource } from "../../ports/mod.ts";
import { openRecord, sealRecord } from "../state/checksummed_record.ts";
import {
  isHintKey,
  isHistoryKey,
  isMadeDeltaKey,
  isOwnKey,
  isPartListKey,
  isPointerKey,
  isPublisherKey,
  LEDGER_KEY,
} from "../state/store_layout.ts";

/** What a sweep found and did. */
export interface SweepResult {
  /** Objects that were removed, and their bytes. */
  readonly removed: number;
  /** What the removed objects took. */
  readonly removedBytes: number;
  /** Objects that are not needed now, and go when their grace is over. */
  readonly waiting: number;
}

/** How a sweep decides. */
export interface SweepOptions {
  /** The time, in milliseconds since 1970. */
  readonly now: number;
  /** How long nothing must have needed an object before it goes, in milliseconds. */
  readonly grace: number;
  /** Whether the generations that `needed` was made of are still the current ones, in the store. */
  readonly isCurrent: () => Promise<boolean>;
  /** Ends the sweep. */
  readonly signal?: AbortSignal | undefined;
}

type Times = readonly (readonly [key: string, time: number])[];

/** Since when objects are not needed, and which went. */
interface Ledger {
  readonly waiting: Times;
  /** What was removed within the last grace, or is being removed now. */
  readonly removed: Times;
  /** False once everything in `removed` is gone. */
  readonly sweeping: boolean;
}

/**
 * Removes objects that nothing has needed for `grace` milliseconds. What was needed a moment ago may still
 * be read by a client, and what is not needed yet may belong to a refresh under way, here or at a replica:
 * so an object goes only when two sweeps, at least `grace` apart, found no use for it.
 *
 * A refresh may find an old object in the store and count on it at the very moment in which it goes.
 * Therefore a sweep first writes down what it will remove and then looks whether the generation is still
 * the current one, and a refresh first makes its generation current and then asks
 * {@linkcode mayBeSwept}: whatever the interleaving, one of the two sees the other.
 *
 * What no edge names is left alone, and so is content in a place where a repository is published too: its
 * publisher may have staged it.
 *
 * @param needed Keys that must stay.
 * @throws {BrecciaError} `storage-conflict` when another process sweeps the same store; the storage family.
 */
export async function sweepStore(
  store: ManagedStore,
  needed: ReadonlySet<string>,
  { now, grace, isCurrent, signal }: SweepOptions,
): Promise<SweepResult> {
  const { ledger, etag } = await readLedger(store);
  const since = new Map(ledger.waiting);
  const waiting = new Map<string, number>();
  const leaving = new Map<string, number>();
  let published = false;
  for await (const { key, size } of store.list("", { ...(signal && { signal }) })) {
    if (isPublisherKey(key)) published = true;
    if (needed.has(key) || !(isOwnKey(key) || isPointerKey(key) || isHistoryKey(key))) continue;
    const found = since.get(key) ?? now;
    if (now - found < grace) waiting.set(key, found);
    else leaving.set(key, size);
  }
  if (published) forgetContent(waiting, leaving);
  const removed = new Map(ledger.removed.filter(([, at]) => now - at < grace));
  for (const key of leaving.keys()) removed.set(key, now);
  const announced = await writeLedger(store, { waiting, removed, sweeping: true }, etag);
  if (leaving.size > 0 && !await isCurrent()) {
    for (const key of leaving.keys()) {
      waiting.set(key, since.get(key) ?? now);
      removed.delete(key);
    }
    leaving.clear();
  }
  let removedBytes = 0;
  for (const [key, size] of namersFirst(leaving)) {
    signal?.throwIfAborted();
    await store.delete(key);
    removedBytes += size;
  }
  await writeLedger(store, { waiting, removed, sweeping: false }, announced);
  return { removed: leaving.size, removedBytes, waiting: waiting.size };
}

/**
 * Whether a sweep, here or elsewhere, took one of `needed`, or may still do so. For after a generation was
 * made current: then what was counted on must be looked for again.
 */
export async function mayBeSwept(
  store: ObjectSource,
  needed: () => AsyncIterable<string>,
): Promise<boolean> {
  const { ledger } = await readLedger(store);
  const removed = new Set(ledger.removed.map(([key]) => key));
  if (removed.size === 0) return false;
  for await (const key of needed()) {
    if (!removed.has(key)) continue;
    if (ledger.sweeping || await store.head(key) === undefined) return true;
  }
  return false;
}

/**
 * A pointer goes before what it names, a list of parts before its parts, a hint index before its packs, what
 * names a delta before the delta: what is named must be there, also after a crash in between.
 */
function namersFirst(leaving: ReadonlyMap<string, number>): (readonly [string, number])[] {
  const rank = (key: string) =>
    isPointerKey(key) || isHistoryKey(key) ? 0 : isRecordKey(key) ? 1 : 2;
  const isRecordKey = (key: string) => isPartListKey(key) || isHintKey(key) || isMadeDeltaKey(key);
  return [...leaving].sort(([a], [b]) => rank(a) - rank(b));
}

function forgetContent(...maps: readonly Map<string, number>[]): void {
  for (const map of maps) {
    for (const key of map.keys()) if (/^(?:packs|deltas|targets)\//.test(key)) map.delete(key);
  }
}

/** A ledger that is missing or damaged only makes everything wait for its grace anew. */
async function readLedger(
  store: ObjectSource,
): Promise<{ readonly ledger: Ledger; readonly etag: string | null }> {
  const object = await store.get(LEDGER_KEY);
  const none: Ledger = { waiting: [], removed: [], sweeping: false };
  if (object === undefined) return { ledger: none, etag: null };
  try {
    return { ledger: await openRecord(object.bytes, LEDGER_KEY) as Ledger, etag: object.etag };
  } catch (error) {
    if (!isBrecciaError(error, "storage-corrupt")) throw error;
    return { ledger: none, etag: object.etag };
  }
}

async function writeLedger(
  store: ManagedStore,
  { waiting, removed, sweeping }: {
    readonly waiting: ReadonlyMap<string, number>;
    readonly removed: ReadonlyMap<string, number>;
    readonly sweeping: boolean;
  },
  ifMatch: string | null,
): Promise<string> {
  const ledger: Ledger = { waiting: [...waiting], removed: [...removed], sweeping };
  return await store.put(LEDGER_KEY, await sealRecord(ledger), { ifMatch });
}
