import type { ManagedStore } from "../../ports/mod.ts";
import { isContentKey, isOwnKey } from "../state/store_layout.ts";

/** What a store holds. What edges would not have named is not counted. */
export interface StoreSize {
  /** How many objects. */
  readonly objects: number;
  /** Bytes of all of them. */
  readonly bytes: number;
  /** Bytes of those that targets and archives are made of: packs, targets, parts, hint indexes. */
  readonly contentBytes: number;
  /** Bytes of deltas. */
  readonly deltaBytes: number;
  /** When it was measured, in milliseconds since 1970. */
  readonly measuredAt: number;
}

/**
 * Measures a store by listing it: one request for each 1,000 objects of a bucket. Holds no list in memory.
 *
 * @throws {BrecciaError} of the storage family.
 */
export async function measureStore(
  store: ManagedStore,
  now: number,
  signal?: AbortSignal,
): Promise<StoreSize> {
  let [objects, bytes, contentBytes, deltaBytes] = [0, 0, 0, 0];
  for await (const { key, size } of store.list("", { ...(signal && { signal }) })) {
    if (!isOwnKey(key)) continue;
    objects++;
    bytes += size;
    if (key.startsWith("deltas/")) deltaBytes += size;
    else if (isContentKey(key)) contentBytes += size;
  }
  return { objects, bytes, contentBytes, deltaBytes, measuredAt: now };
}
