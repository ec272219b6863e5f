import { decodeHint } from "../../archive/mod.ts";
import { isBrecciaError } from "../../errors.ts";
import { decodeDeltaAdvice } from "../../index/mod.ts";
import type { ManagedStore, StoredObject } from "../../ports/mod.ts";
import { hasNamedDigest } from "../content/named_digest.ts";
import { openForm } from "../content/dictionary_forms.ts";
import { decodePartList } from "../content/part_list.ts";
import {
  isDictionaryFormKey,
  isHintKey,
  isMadeDeltaKey,
  isOwnKey,
  isPartListKey,
} from "../state/store_layout.ts";

/** How a scrub goes about it. */
export interface ScrubOptions {
  /** Resolves when so many bytes more may be read: a scrub must not slow those who are served. */
  readonly pace?: ((bytes: number) => Promise<void>) | undefined;
  /** Ends the scrub. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads every object that is named by its digest, and every list of parts, and removes those whose bytes
 * have changed or can't be read any more: bits rot on disks. What was removed is fetched again when it is
 * asked for, or at once by whoever scrubs. Holds one object in memory at a time.
 *
 * @returns Keys of what was removed.
 * @throws {BrecciaError} of the storage family when the store as a whole fails.
 */
export async function scrubStore(
  store: ManagedStore,
  { pace, signal }: ScrubOptions = {},
): Promise<string[]> {
  const options = signal && { signal };
  const damaged: string[] = [];
  for await (const { key, size } of store.list("", options)) {
    if (!isOwnKey(key)) continue;
    await pace?.(size);
    const object = await store.get(key, options).catch((error) => {
      if (!isBrecciaError(error, "storage-corrupt")) throw error;
      return null;
    });
    if (object === undefined || (object !== null && await isSound(key, object))) continue;
    await store.delete(key);
    damaged.push(key);
  }
  const parts = new Set(damaged.filter((key) => key.startsWith("parts/")));
  if (parts.size > 0) damaged.push(...await removeListsOf(parts, store, signal));
  return damaged;
}

/** A file of which a part is gone is not there: its list goes, so that the whole is brought again. */
async function removeListsOf(
  parts: ReadonlySet<string>,
  store: ManagedStore,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const removed: string[] = [];
  for await (const { key } of store.list("", signal && { signal })) {
    if (!isOwnKey(key) || !isPartListKey(key)) continue;
    const object = await store.get(key, signal && { signal });
    const list = object && await decodePartList(object.bytes, key);
    if (!list?.parts.some(({ sha256 }) => parts.has(`parts/${sha256}`))) continue;
    await store.delete(key);
    removed.push(key);
  }
  return removed;
}

async function isSound(key: string, { bytes }: StoredObject): Promise<boolean> {
  if (isDictionaryFormKey(key)) return await openForm(bytes) !== undefined;
  const isRecord = isPartListKey(key) || isHintKey(key) || isMadeDeltaKey(key);
  if (!isRecord) return await hasNamedDigest(key, bytes) === true;
  try {
    if (isHintKey(key)) await decodeHint(bytes);
    else if (isMadeDeltaKey(key)) await decodeDeltaAdvice(bytes);
    else await decodePartList(bytes, key);
    return true;
  } catch (error) {
    if (!isBrecciaError(error)) throw error;
    return false;
  }
}
