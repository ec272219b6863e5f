import { encodeHex } from "../bytes/mod.ts";
import type { ManagedStore, StoredObject } from "../ports/mod.ts";

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
    const digest = /\/([0-9a-f]{64}|[0-9a-f]{128})$/.exec(key)?.[1];
    if (digest === undefined) continue;
    const object = await store.get(key, signal);
    if (object === undefined || await digestOf(object, digest.length) === digest) continue;
    await store.delete(key);
    damaged.push(key);
  }
  return damaged;
}

async function digestOf({ bytes }: StoredObject, hexLength: number): Promise<string> {
  const algorithm = hexLength === 64 ? "SHA-256" : "SHA-512";
  return encodeHex(new Uint8Array(await crypto.subtle.digest(algorithm, bytes)));
}
