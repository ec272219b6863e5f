import { equalBytes } from "../bytes/mod.ts";
import { BrecciaError, isBrecciaError } from "../errors.ts";
import type { ManagedStore, ObjectStore } from "../ports/mod.ts";
import { readMetadata } from "../tuf/mod.ts";
import { metadataKey } from "./published_metadata.ts";

/** What an upload did. */
export interface Upload {
  /** Objects that were not there yet. */
  readonly objects: number;
  /** Their lengths added up. */
  readonly bytes: number;
}

/** Immutable content, in the order in which it must be there before what refers to it. */
const CONTENT_PREFIXES = ["packs/", "deltas/", "targets/"];

/**
 * Copies a published repository to another store: content, then metadata with a version, then the
 * timestamp, so that readers of `to` see the old state or the new one. What is there already
 * is not sent again: a crashed upload is completed by calling it again.
 *
 * @throws {BrecciaError} `storage-conflict` when `to` is ahead of `from`, and the codes of the stores.
 */
export async function uploadRepository(
  from: ManagedStore,
  to: ObjectStore,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Upload> {
  const pointer = await from.get(metadataKey("timestamp"), options);
  if (pointer === undefined) {
    throw new BrecciaError(
      "repository-malformed",
      "Cannot upload the repository: it has no timestamp; run `breccia publish` first",
    );
  }
  const there = await to.get(metadataKey("timestamp"), options);
  if (there !== undefined) refuseOlder(pointer.bytes, there.bytes);

  const sent = { objects: 0, bytes: 0 };
  const send = async (key: string): Promise<void> => {
    if (await to.head(key, options) !== undefined) return;
    const object = await from.get(key, options);
    if (object === undefined) return;
    await to.put(key, object.bytes, options);
    sent.objects++;
    sent.bytes += object.bytes.length;
  };
  for (const prefix of CONTENT_PREFIXES) {
    for await (const { key } of from.list(prefix, options)) await send(key);
  }
  for (const key of await metadataInOrder(from, options)) await send(key);

  if (there === undefined || !equalBytes(there.bytes, pointer.bytes)) {
    await movePointer(to, pointer.bytes, there?.etag ?? null, options);
    sent.objects++;
    sent.bytes += pointer.bytes.length;
  }
  return sent;
}

/**
 * Metadata files in the order of their uploads. A new root is visible at once, under its number, so
 * roots come last, lowest first, when what they license is there.
 */
async function metadataInOrder(
  from: ManagedStore,
  options: { readonly signal?: AbortSignal },
): Promise<readonly string[]> {
  const others: string[] = [];
  const roots: [version: number, key: string][] = [];
  for await (const { key } of from.list("metadata/", options)) {
    const root = /^metadata\/(\d+)\.root\.json$/.exec(key);
    if (root !== null) roots.push([Number(root[1]), key]);
    else if (key !== metadataKey("timestamp")) others.push(key);
  }
  return [...others, ...roots.sort(([a], [b]) => a - b).map(([, key]) => key)];
}

async function movePointer(
  to: ObjectStore,
  bytes: Uint8Array,
  ifMatch: string | null,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  try {
    await to.put(metadataKey("timestamp"), bytes, { ...options, ifMatch });
  } catch (error) {
    if (!isBrecciaError(error, "storage-conflict")) throw error;
    throw new BrecciaError(
      "storage-conflict",
      "Cannot move the timestamp of the store: another publisher did meanwhile; run it again",
      { cause: error },
    );
  }
}

/** The store may have been fed by another copy of the repository: never take its clients back. */
function refuseOlder(bytes: Uint8Array, there: Uint8Array): void {
  const ours = readMetadata(bytes, "timestamp", "timestamp.json").signed.version;
  const theirs = readMetadata(there, "timestamp", "the timestamp.json of the store").signed.version;
  if (ours < theirs || (ours === theirs && !equalBytes(bytes, there))) {
    throw new BrecciaError(
      "storage-conflict",
      `Cannot upload version ${ours} of the timestamp: the store has version ${theirs} of another ` +
        "history; publish from the repository that it came from",
    );
  }
}
