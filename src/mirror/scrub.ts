import type { ManagedStore } from "../ports/mod.ts";
import { hasNamedDigest } from "./named_digest.ts";

/**
 * Reads every object that is named by its digest and removes those whose bytes have changed: bits rot on
 * disks. What was removed is fetched again when it is asked for, or at once by whoever scrubs.
 *
 * @returns Keys of what was removed.
 */
export async function scrubStore(
  store: ManagedStore,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string[]> {
  const signal = options.signal && { signal: options.signal };
  const damaged: string[] = [];
  for await (const { key } of store.list("", signal)) {
    if (!/\/[0-9a-f]{64,128}$/.test(key)) continue;
    const object = await store.get(key, signal);
    if (object === undefined || await hasNamedDigest(key, object.bytes) !== false) continue;
    await store.delete(key);
    damaged.push(key);
  }
  return damaged;
}
